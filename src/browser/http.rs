//! Exchanges by gloo-net: no cookies, no redirects, one time limit over headers and body, a byte cap.

use crate::encoding::text::concat;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use gloo_net::http::Request;
use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestInit};

use crate::WHOLE;
use crate::protocol::http::{Caching, HttpFailure, HttpRequest, HttpResponse, HttpResult};

use super::convert::Record;
use super::exports::Host;
use super::globals::{Octets, clear_timeout, property, set_timeout, settled};

/// Makes one exchange.
pub(super) async fn exchange(request: HttpRequest, host: &Host) -> HttpResult {
    let proof = proof_of(&request, host).await?;
    // A controller of our own, always: gloo-net traps on a rejection that is not an Error, and a
    // foreign signal can bring one.
    let controller = AbortController::new().map_err(|_| HttpFailure::NoAnswer)?;
    let mut end = None;
    let over = Promise::new(&mut |resolve, _| end = Some(resolve));
    let end: Function = end.ok_or(HttpFailure::NoAnswer)?;
    let timer = set_timeout(&end, i32::try_from(request.timeout).unwrap_or(i32::MAX));
    let result = {
        let (mut exchange, mut over) =
            (pin!(run(&request, proof.as_deref(), &controller)), pin!(settled(Ok(over))));
        // Not every browser lets the reading of a body fail when its request is aborted.
        poll_fn(|context| match exchange.as_mut().poll(context) {
            Poll::Pending => over.as_mut().poll(context).map(|_| Err(HttpFailure::TimedOut)),
            done => done,
        })
        .await
    };
    clear_timeout(&timer);
    // What waits for it is freed when it is settled.
    let _ = end.call0(&JsValue::UNDEFINED);
    if result.is_err() {
        // What is left of the answer is not wanted.
        controller.abort();
    }
    result
}

/// The keys are the facade's.
#[cfg(feature = "whole")]
async fn proof_of(request: &HttpRequest, host: &Host) -> Result<Option<String>, HttpFailure> {
    let Some(proof) = &request.proof else { return Ok(None) };
    let token = request.bearer.as_ref().map(crate::secret::Secret::expose);
    let promise = host.prove(&proof.key, method(request), &request.url, proof.nonce.as_deref(), token);
    let proof = settled(promise).await.ok().and_then(|proof| proof.as_string());
    Ok(Some(proof.ok_or(HttpFailure::NoProof)?))
}

/// Not one with `WHOLE` in it: a place to wait at is kept whether it is reached or not.
#[cfg(not(feature = "whole"))]
async fn proof_of(_: &HttpRequest, _: &Host) -> Result<Option<String>, HttpFailure> {
    Ok(None)
}

fn method(request: &HttpRequest) -> &'static str {
    if request.form.is_some() { "POST" } else { "GET" }
}

async fn run(request: &HttpRequest, proof: Option<&str>, controller: &AbortController) -> HttpResult {
    let raw = prepare(request, proof, controller).map_err(|_| HttpFailure::NoAnswer)?;
    let response = Request::from(raw).send().await.map_err(|_| HttpFailure::NoAnswer)?;
    let mut body = Vec::new();
    if let Some(stream) = response.body() {
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        loop {
            let step = settled(Ok(reader.read())).await.map_err(|_| HttpFailure::NoAnswer)?;
            let chunk = property(&step, "value");
            if !chunk.is_instance_of::<Uint8Array>() {
                break;
            }
            let chunk: Octets = chunk.unchecked_into();
            if body.len() + chunk.length() as usize > request.limit {
                return Err(HttpFailure::TooLarge);
            }
            body.append(&mut chunk.slice());
        }
    }
    let headers = response.headers();
    let extra = |name: &str| if WHOLE { headers.get(name) } else { None };
    Ok(HttpResponse {
        status: response.status(),
        content_type: headers.get("content-type"),
        retry_after: headers.get("retry-after"),
        challenge: extra("www-authenticate"),
        dpop_nonce: extra("dpop-nonce"),
        body,
    })
}

fn prepare(
    request: &HttpRequest,
    proof: Option<&str>,
    controller: &AbortController,
) -> Result<web_sys::Request, JsValue> {
    let (init, headers) = (Record::new(), Record::new());
    // All of these headers but token and proof are on the CORS safelist: no preflight.
    headers.text("accept", "application/json");
    if let Some(form) = &request.form {
        headers.text("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
        init.text("body", form.expose());
    }
    if let Some(token) = &request.bearer {
        let scheme = if proof.is_some() { "DPoP " } else { "Bearer " };
        headers.text("authorization", &concat(&[scheme, token.expose()]));
    }
    if let Some(proof) = proof {
        headers.text("dpop", proof);
    }
    let cache = match request.caching {
        Caching::Never => "no-store",
        Caching::Normal => "default",
        Caching::PreferStored => "force-cache",
        Caching::Renew => "reload",
    };
    init.text("method", method(request));
    init.text("cache", cache);
    init.text("credentials", "omit");
    init.text("redirect", "error");
    init.text("referrerPolicy", "no-referrer");
    init.put("keepalive", request.keepalive.into());
    init.put("headers", headers.into());
    init.put("signal", controller.signal().into());
    web_sys::Request::new_with_str_and_init(&request.url, init.unchecked_ref::<RequestInit>())
}
