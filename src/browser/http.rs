//! Exchanges by gloo-net: no cookies, no redirects, one time limit over headers and body, a byte cap.

use crate::encoding::text::concat;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use gloo_net::http::Request;
use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestInit};

use crate::protocol::http::{Caching, HttpFailure, HttpRequest, HttpResponse, HttpResult};

use super::convert::Record;
use super::globals::{Octets, clear_timeout, property, set_timeout, settled};

/// Makes one exchange.
pub(super) async fn exchange(request: HttpRequest) -> HttpResult {
    // A controller of our own, always: gloo-net traps on a rejection that is not an Error, and a
    // foreign signal can bring one.
    let controller = AbortController::new().map_err(|_| HttpFailure::NoAnswer)?;
    let mut end = Function::default();
    let over = Promise::new(&mut |resolve, _| end = resolve);
    let timer = set_timeout(&end, i32::try_from(request.timeout).unwrap_or(i32::MAX));
    let result = {
        let (mut exchange, mut over) = (pin!(run(&request, &controller)), pin!(settled(Ok(over))));
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

async fn run(request: &HttpRequest, controller: &AbortController) -> HttpResult {
    let raw = prepare(request, controller).map_err(|_| HttpFailure::NoAnswer)?;
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
    Ok(HttpResponse {
        status: response.status(),
        content_type: headers.get("content-type"),
        retry_after: headers.get("retry-after"),
        challenge: headers.get("www-authenticate"),
        body,
    })
}

fn prepare(request: &HttpRequest, controller: &AbortController) -> Result<web_sys::Request, JsValue> {
    let (init, headers) = (Record::new(), Record::new());
    // All of these headers but the token are on the CORS safelist: no preflight.
    headers.text("accept", "application/json");
    if let Some(form) = &request.form {
        headers.text("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
        init.text("method", "POST");
        init.text("body", form.expose());
    }
    if let Some(token) = &request.bearer {
        headers.text("authorization", &concat(&["Bearer ", token.expose()]));
    }
    let cache = match request.caching {
        Caching::Never => "no-store",
        Caching::Normal => "default",
        Caching::PreferStored => "force-cache",
        Caching::Renew => "reload",
    };
    init.text("cache", cache);
    init.text("credentials", "omit");
    init.text("redirect", "error");
    init.text("referrerPolicy", "no-referrer");
    init.put("keepalive", request.keepalive.into());
    init.put("headers", headers.into());
    init.put("signal", controller.signal().into());
    web_sys::Request::new_with_str_and_init(&request.url, init.unchecked_ref::<RequestInit>())
}
