//! The documented token answers of known providers, with the repairs that their presets switch on; and that without
//! its repair each is refused, or read, as any other server's.

use serde_json::{Value, json};
use tokenward::error::{Code, Error};
use tokenward::protocol::http::HttpResponse;
use tokenward::protocol::logout::{self, LogoutOptions};
use tokenward::protocol::provider::{NAMES, Repairs};
use tokenward::protocol::scope::Scope;
use tokenward::protocol::token::{TokenAnswer, judge};
use tokenward::secret::Secret;

use crate::support::{
    answer, code, code_at, config_with, json_answer, note, owned, pairs, refused, rows, try_config, value,
};

rows![
    answers_without_any_repair,
    github,
    bitbucket,
    twitch,
    monzo,
    apigee,
    entra_and_b2c,
    a_form_that_is_none,
    a_scope_that_is_none,
    errors_that_are_none,
    repairs_are_named_options,
    session_lifetime_is_bounded,
    a_logout_page_of_its_own,
];

fn repairs(names: &[&str]) -> Repairs {
    let mut repairs = Repairs::default();
    assert!(names.iter().all(|name| repairs.add(name)));
    repairs
}

fn none() -> Repairs {
    Repairs::default()
}

fn form(status: u16, body: &str) -> HttpResponse {
    answer(status, "application/x-www-form-urlencoded; charset=utf-8", body.as_bytes())
}

fn scope_of(answer: &TokenAnswer) -> Option<String> {
    answer.scope.as_ref().map(Scope::to_text)
}

/// The code and the server's word of an error.
fn word(result: Result<TokenAnswer, Error>) -> (Code, String) {
    let error = refused(result);
    (error.code, error.oauth_error.clone().unwrap_or_default())
}

/// What every test of an answer that needs a repair shows: without it, and with all others, it is not accepted.
fn needs(name: &str, response: &HttpResponse) {
    let others: Vec<&str> = NAMES.split(' ').filter(|other| *other != name).collect();
    for without in [none(), repairs(&others)] {
        note(judge(response, without).unwrap_err());
    }
    judge(response, repairs(&[name])).unwrap();
}

#[test]
fn answers_without_any_repair() {
    for (body, seconds, scope) in [
        // Spotify, refreshed: no refresh token, the old one stays.
        (
            json!({ "access_token": "BQDn", "token_type": "Bearer", "expires_in": 3600, "scope": "user-read-email" }),
            3600,
            Some("user-read-email"),
        ),
        // Discord.
        (
            json!({
                "access_token": "6qrZcUqja7812RVdnEKjpzOL4CvHBFG", "token_type": "Bearer", "expires_in": 604_800,
                "refresh_token": "D43f5y0ahjqew82jZ4NViEr2YafMKhue", "scope": "identify",
            }),
            604_800,
            Some("identify"),
        ),
        // Azure AD B2C: numbers as strings.
        (
            json!({
                "not_before": "1442340812", "token_type": "Bearer", "access_token": "eyJ0",
                "scope": "90c0fe63 offline_access", "expires_in": "3600", "refresh_token": "AAQf",
            }),
            3600,
            Some("90c0fe63 offline_access"),
        ),
        // ShareFile: members of its own.
        (
            json!({
                "access_token": "TbO6", "refresh_token": "2aR0", "token_type": "bearer", "appcp": "sharefile.com",
                "apicp": "sharefile.com", "subdomain": "mycompany", "access_files_folders": true, "expires_in": 28_800,
            }),
            28_800,
            None,
        ),
        // Monzo: no scope at all.
        (
            json!({
                "access_token": "access_token", "client_id": "client_id", "expires_in": 21_600,
                "refresh_token": "refresh_token", "token_type": "Bearer", "user_id": "user_id",
            }),
            21_600,
            None,
        ),
    ] {
        for repairs in [none(), repairs(&["form-answer", "scope-list", "bearer-type", "error-names"])] {
            let answer = judge(&json_answer(200, &body), repairs).unwrap();
            assert_eq!(answer.lifetime, Some(seconds * 1000), "{body}");
            assert_eq!(scope_of(&answer).as_deref(), scope, "{body}");
            assert_eq!(answer.refresh_token.is_some(), body["refresh_token"].is_string(), "{body}");
        }
    }
}

#[test]
fn github() {
    let body = "access_token=ghu_16C7e42F292c6912E7710c838347Ae178B4a&expires_in=28800\
        &refresh_token=ghr_1B4a2e77838347a7E420ce178F2E7c6912E169246c34E1ccbF66C46812d16D5B1A9Dc86A1498\
        &refresh_token_expires_in=15897600&scope=repo%2Cgist&token_type=bearer";
    needs("form-answer", &form(200, body));
    let answer = judge(&form(200, body), repairs(&["form-answer", "scope-list"])).unwrap();
    assert_eq!(answer.access_token.expose(), "ghu_16C7e42F292c6912E7710c838347Ae178B4a");
    assert!(answer.refresh_token.as_ref().unwrap().expose().starts_with("ghr_"));
    assert_eq!(answer.lifetime, Some(28_800_000));
    assert_eq!(scope_of(&answer).as_deref(), Some("repo gist"));
    // As JSON; the scope of a GitHub App's token is empty.
    let json = json!({
        "access_token": "ghu_x", "expires_in": "28800", "refresh_token": "ghr_x",
        "refresh_token_expires_in": "15811200", "scope": "", "token_type": "bearer",
    });
    let answer = judge(&json_answer(200, &json), repairs(&["scope-list"])).unwrap();
    assert_eq!((answer.lifetime, answer.scope), (Some(28_800_000), None));
    // Without the repair the comma is a character like any other.
    let commas = json!({ "access_token": "gho_x", "scope": "repo,gist", "token_type": "bearer" });
    assert_eq!(scope_of(&judge(&json_answer(200, &commas), none()).unwrap()).as_deref(), Some("repo,gist"));

    // Errors come with status 200.
    let description = "The refresh token passed is incorrect or expired.";
    let dead = json!({ "error": "bad_refresh_token", "error_description": description, "error_uri": "https://docs.github.com" });
    let invalid_grant = (Code::TokenRefused, "invalid_grant".into());
    assert_eq!(word(judge(&json_answer(200, &dead), none())).1, "bad_refresh_token");
    assert_eq!(word(judge(&json_answer(200, &dead), repairs(&["error-names"]))), invalid_grant);
    let error = refused(judge(&json_answer(200, &dead), repairs(&["error-names"])));
    assert_eq!(error.description.as_deref(), Some(description));
    let dead = form(200, "error=bad_refresh_token&error_description=The+refresh+token+passed+is+incorrect");
    assert_eq!(word(judge(&dead, repairs(&["error-names", "form-answer"]))), invalid_grant);
    let spent = json!({ "error": "bad_verification_code", "error_description": "The code passed is incorrect or expired." });
    for with in [none(), repairs(&["error-names"])] {
        assert_eq!(word(judge(&json_answer(200, &spent), with)).1, "bad_verification_code");
    }
}

#[test]
fn bitbucket() {
    let body = json!({
        "access_token": "YyPq", "scopes": "account repository", "expires_in": 7200, "refresh_token": "V55h",
        "token_type": "bearer",
    });
    let with = repairs(&["scope-list"]);
    assert_eq!(
        scope_of(&judge(&json_answer(200, &body), with).unwrap()).as_deref(),
        Some("account repository")
    );
    assert_eq!(judge(&json_answer(200, &body), none()).unwrap().scope, None);
    // The specification's own name counts first.
    let mut both = body;
    both["scope"] = json!("account");
    assert_eq!(scope_of(&judge(&json_answer(200, &both), with).unwrap()).as_deref(), Some("account"));
}

#[test]
fn twitch() {
    let body = json!({
        "access_token": "rfx2uswqe8l4g1mkagrvg5tv0ks3", "expires_in": 14_124,
        "refresh_token": "5b93chm6hdve3mycz05zfzatkfdenfspp1h1ar2xxdalen01",
        "scope": ["channel:moderate", "chat:edit", "chat:read"], "token_type": "bearer",
    });
    let answer = judge(&json_answer(200, &body), repairs(&["scope-list"])).unwrap();
    assert_eq!(scope_of(&answer).as_deref(), Some("channel:moderate chat:edit chat:read"));
    assert_eq!(judge(&json_answer(200, &body), none()).unwrap().scope, None);
    for dead in [
        json!({ "status": 400, "message": "Invalid refresh token" }),
        json!({ "error": "Bad Request", "status": 400, "message": "Invalid refresh token" }),
    ] {
        assert_ne!(word(judge(&json_answer(400, &dead), none())).1, "invalid_grant");
        assert_eq!(word(judge(&json_answer(400, &dead), repairs(&["error-names"]))).1, "invalid_grant");
    }
    let other = json!({ "status": 400, "message": "Invalid authorization code" });
    assert_eq!(code(judge(&json_answer(400, &other), none())), Code::ResponseInvalid);
    assert_eq!(
        word(judge(&json_answer(400, &other), repairs(&["error-names"]))),
        (Code::TokenRefused, "Invalid authorization code".into())
    );
}

#[test]
fn monzo() {
    for word_of_monzo in ["unauthorized.bad_refresh_token", "unauthorized.bad_refresh_token.evicted"] {
        let dead = json_answer(401, &json!({ "code": word_of_monzo, "message": "Bad refresh token" }));
        assert_eq!(code(judge(&dead, none())), Code::ResponseInvalid);
        assert_eq!(word(judge(&dead, repairs(&["error-names"]))).1, "invalid_grant");
    }
    let other = json_answer(400, &json!({ "code": "bad_request.bad_param.code", "message": "Bad param" }));
    assert_eq!(
        word(judge(&other, repairs(&["error-names"]))),
        (Code::TokenRefused, "bad_request.bad_param.code".into())
    );
}

#[test]
fn apigee() {
    let body = json!({
        "issued_at": "1420262924658", "scope": "READ", "application_name": "ce1e94a2",
        "refresh_token_issued_at": "1420262924658", "status": "approved", "refresh_token_status": "approved",
        "api_product_list": "[PremiumWeatherAPI]", "expires_in": "1799", "developer.email": "x@example.com",
        "token_type": "BearerToken", "refresh_token": "fYACGW7OCPtCNDEnRSnqFlEgogboFPMm",
        "client_id": "5jUAdGv9pBouF0wOH5keAVI35GBtx3dT", "access_token": "2l4IQtZXbn5WBJdL6EF7uenOWRsi",
        "refresh_token_expires_in": "0", "refresh_count": "0",
    });
    needs("bearer-type", &json_answer(200, &body));
    let answer = judge(&json_answer(200, &body), repairs(&["bearer-type"])).unwrap();
    assert_eq!((answer.lifetime, scope_of(&answer).as_deref()), (Some(1_799_000), Some("READ")));
    let mut other = body;
    for kind in ["BearerTokens", "Token", "mac"] {
        other["token_type"] = json!(kind);
        assert_eq!(
            code(judge(&json_answer(200, &other), repairs(&["bearer-type"]))),
            Code::TokenTypeUnsupported
        );
    }

    let with = repairs(&["error-names"]);
    for words in ["Refresh Token expired", "Invalid Refresh Token"] {
        let dead = json_answer(400, &json!({ "ErrorCode": "invalid_request", "Error": words }));
        assert_eq!(code(judge(&dead, none())), Code::ResponseInvalid);
        let error = refused(judge(&dead, with));
        assert_eq!(
            (error.oauth_error.as_deref(), error.description.as_deref()),
            (Some("invalid_grant"), Some(words))
        );
    }
    let spent = json!({ "ErrorCode": "invalid_request", "Error": "Invalid Authorization Code" });
    assert_eq!(word(judge(&json_answer(400, &spent), with)), (Code::TokenRefused, "invalid_request".into()));
}

#[test]
fn entra_and_b2c() {
    // The answer lists the scopes of one API only, and never offline_access: what was asked for is repeated.
    let body = json!({
        "access_token": "eyJ0", "token_type": "Bearer", "expires_in": 3599,
        "scope": "https://graph.microsoft.com/mail.read", "refresh_token": "AwAB", "id_token": "a.b.c",
    });
    assert_eq!(judge(&json_answer(200, &body), repairs(&["scope-on-refresh"])).unwrap().scope, None);
    assert!(judge(&json_answer(200, &body), none()).unwrap().scope.is_some());
    let ended = json!({
        "error": "invalid_grant", "error_codes": [700_084],
        "error_description": "AADSTS700084: The refresh token was issued to a single page app (SPA)",
    });
    assert_eq!(word(judge(&json_answer(400, &ended), repairs(&["scope-on-refresh"]))).1, "invalid_grant");
}

#[test]
fn a_form_that_is_none() {
    let with = repairs(&["form-answer"]);
    for wrong in [
        form(200, ""),
        form(200, "access_token=x&token_type=bearer&access_token=y"),
        form(200, "access_token=%zz&token_type=bearer"),
        form(200, "access_token=%ff&token_type=bearer"),
        form(200, "access_token=&token_type=bearer"),
        form(200, "access_token=a%0Ab&token_type=bearer"),
        form(200, "access_token=x"),
        form(400, "access_token=x&token_type=bearer"),
        answer(200, "application/x-www-form-urlencoded", b"access_token=\xff&token_type=bearer"),
        answer(200, "text/plain", b"access_token=x&token_type=bearer"),
        answer(200, "application/json", b"access_token=x&token_type=bearer"),
    ] {
        let code = code(judge(&wrong, with));
        assert!(matches!(code, Code::ResponseInvalid | Code::TokenResponseInvalid), "{wrong:?}");
    }
    // Very many cost no more than their length.
    let many: String = (0..20_000).map(|i| format!("a{i}=1&")).collect();
    assert!(judge(&form(200, &format!("{many}access_token=x&token_type=bearer")), with).is_ok());
    let quoted = judge(&form(200, "access_token=%22%5C%22&token_type=bearer"), with).unwrap();
    assert_eq!(quoted.access_token.expose(), "\"\\\"");
    assert_eq!(
        code_at(judge(&form(200, "access_token=x"), with)),
        (Code::TokenResponseInvalid, "token_type".into())
    );
}

#[test]
fn a_scope_that_is_none() {
    let granted = |scope: Value| {
        let body = json!({ "access_token": "x", "token_type": "bearer", "scope": scope });
        scope_of(&judge(&json_answer(200, &body), repairs(&["scope-list"])).unwrap())
    };
    for nothing in
        [json!(null), json!([]), json!([""]), json!(["a", 7]), json!(7), json!({}), json!(","), json!(["é"])]
    {
        assert_eq!(granted(nothing.clone()), None, "{nothing}");
    }
    assert_eq!(granted(json!(["a b", "a", "c"])).as_deref(), Some("a b c"));
    assert_eq!(granted(json!("a,b,,c,a")).as_deref(), Some("a b c"));
    assert_eq!(granted(json!("a b  a")).as_deref(), Some("a b"));
    assert_eq!(granted(json!("a, b")), None);
    let many: Vec<String> = (0..30_000).map(|i| i.to_string()).collect();
    assert_eq!(granted(json!(many)), None);
}

#[test]
fn errors_that_are_none() {
    let with = repairs(&["error-names"]);
    // In an answer with a token these names mean nothing.
    let body =
        json!({ "access_token": "x", "token_type": "bearer", "code": "c", "message": "m", "ErrorCode": "e" });
    assert!(judge(&json_answer(200, &body), with).is_ok());
    // The specification's name means what it says all the same.
    let body = json!({ "access_token": "x", "token_type": "bearer", "error": "server_error" });
    assert_eq!(word(judge(&json_answer(200, &body), with)).1, "server_error");
    for (body, expected) in [
        (json!({ "code": 401 }), "unknown"),
        (json!({ "ErrorCode": { "x": 1 } }), "unknown"),
        (json!({ "error": ["x"], "message": 7 }), "unknown"),
        (json!({ "error": "slow_down", "message": "a new refresh token expired never" }), "slow_down"),
    ] {
        assert_eq!(word(judge(&json_answer(400, &body), with)).1, expected, "{body}");
    }
    assert_eq!(code(judge(&json_answer(400, &json!({})), with)), Code::ResponseInvalid);
}

#[test]
fn repairs_are_named_options() {
    assert_eq!(config_with(json!({})).repairs, none());
    assert_eq!(config_with(json!({ "repairs": [] })).repairs, none());
    assert_eq!(
        config_with(json!({ "repairs": NAMES.split(' ').collect::<Vec<_>>() })).repairs,
        repairs(&NAMES.split(' ').collect::<Vec<_>>())
    );
    for (wrong, path) in [
        (json!(["form-answer", "formAnswer"]), "repairs[1]"),
        (json!([""]), "repairs[0]"),
        (json!("form-answer"), "repairs"),
        (json!([7]), "repairs"),
        (json!({}), "repairs"),
    ] {
        assert_eq!(code_at(try_config(json!({ "repairs": wrong }))), (Code::OptionInvalid, path.into()));
    }
}

#[test]
fn session_lifetime_is_bounded() {
    assert_eq!(config_with(json!({})).session_lifetime, 0);
    assert_eq!(config_with(json!({ "sessionLifetime": 86_400 })).session_lifetime, 86_400_000);
    for wrong in [json!(0), json!(-1), json!(1e12), json!("86400"), json!(true)] {
        let error = code_at(try_config(json!({ "sessionLifetime": wrong })));
        assert_eq!(error, (Code::OptionInvalid, "sessionLifetime".into()));
    }
}

#[test]
fn a_logout_page_of_its_own() {
    let url = |options: Value| {
        let mut all = json!({ "postLogoutRedirectUri": "https://app.example.com/bye" });
        all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let config = config_with(all);
        let options = LogoutOptions::from_args(&value(&json!({})), &config).unwrap();
        let hint = Secret::new("a.b.c".into());
        let url = logout::request(&config, "https://id.example.com/logout", Some(&hint), &options, [7; 16]);
        pairs(url.split_once('?').unwrap().1)
    };
    assert_eq!(
        url(json!({ "logoutUriParam": "logout_uri" })),
        owned(&[("client_id", "spa"), ("logout_uri", "https://app.example.com/bye")])
    );
    let names: Vec<String> = url(json!({})).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"]);
    for wrong in [json!(""), json!(7), json!(["returnTo"])] {
        let error = code_at(try_config(json!({ "logoutUriParam": wrong })));
        assert_eq!(error, (Code::OptionInvalid, "logoutUriParam".into()));
    }
}
