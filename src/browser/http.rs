//! Exchanges by gloo-net: no cookies, no redirects, one time limit over headers and body, a byte cap.

use crate::encoding::text::concat;

use gloo_net::http::Request;
use wasm_bindgen::prelude::*;
use web_sys::RequestInit;

use crate::WHOLE;
use crate::protocol::http::{Caching, HttpFailure, HttpRequest, HttpResponse, HttpResult};

use super::convert::Record;
use super::exports::{Host, Limit};
use super::globals::{Octets, settled};

/// Makes one exchange.
pub(super) async fn exchange(request: HttpRequest, host: &Host) -> HttpResult {
    let proof = proof_of(&request, host).await?;
    let limit = host.limit(i32::try_from(request.timeout).unwrap_or(i32::MAX));
    let result = run(&request, proof.as_deref(), &limit).await;
    limit.end(result.is_err());
    match result {
        Err(HttpFailure::NoAnswer) if limit.over() => Err(HttpFailure::TimedOut),
        result => result,
    }
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

async fn run(request: &HttpRequest, proof: Option<&str>, limit: &Limit) -> HttpResult {
    let raw = prepare(request, proof, limit).map_err(|_| HttpFailure::NoAnswer)?;
    // The limit's own signal, always: gloo-net traps on a rejection that is not an Error, and a foreign one can bring
    // that.
    let response = Request::from(raw).send().await.map_err(|_| HttpFailure::NoAnswer)?;
    let body = limit.read(response.body().into(), u32::try_from(request.limit).unwrap_or(u32::MAX));
    let body = settled(Ok(body)).await.map_err(|_| HttpFailure::NoAnswer)?;
    if body.is_null() {
        return Err(HttpFailure::TooLarge);
    }
    let headers = response.headers();
    let extra = |name: &str| if WHOLE { headers.get(name) } else { None };
    Ok(HttpResponse {
        status: response.status(),
        content_type: headers.get("content-type"),
        retry_after: headers.get("retry-after"),
        challenge: extra("www-authenticate"),
        dpop_nonce: extra("dpop-nonce"),
        body: body.unchecked_into::<Octets>().slice(),
    })
}

fn prepare(request: &HttpRequest, proof: Option<&str>, limit: &Limit) -> Result<web_sys::Request, JsValue> {
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
    init.put("signal", limit.signal());
    web_sys::Request::new_with_str_and_init(&request.url, init.unchecked_ref::<RequestInit>())
}
