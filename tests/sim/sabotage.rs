//! Broken clients. A checker that never complains proves nothing: each of these must be found.

use tokenward::engine::input::{JobId, Kept, OpId};
use tokenward::engine::output::{Event, Keep, Output};
use tokenward::error::{Code, Error};
use tokenward::protocol::http::Purpose;
use tokenward::secret::Secret;

/// What the outputs of the engine are bent into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sabotage {
    #[default]
    None,
    /// Every refresh is sent twice.
    SendRefreshTwice,
    /// Refreshes go out with the first refresh token there was.
    KeepOldRefreshToken,
    /// An operation now and then never settles.
    SwallowSettle,
    /// Operations settle twice.
    SettleTwice,
    /// A failed renewal ends the session.
    EndOnFailure,
    /// The end of a session is told twice.
    EndTwice,
    /// Nobody is woken.
    SwallowWake,
    /// Wake-ups come without a pause.
    NeverRest,
    /// What comes after a logout is not given back.
    SwallowRevocation,
    /// Tokens of a session go on being handed out when it is over.
    TokenAfterEnd,
    /// A token in an error message.
    TellSecret,
    /// Every question of a device login is asked twice.
    AskTwice,
    /// Every exchange of tokens is asked for twice.
    ExchangeTwice,
    /// What came of asking who is signed in at the server is kept.
    KeepWhatChecksBring,
    /// A server that knows nobody ends the session, whether it knew the user before or not.
    BelieveEveryDenial,
    /// The lock is given back when the request is sent, before anything of the answer is written.
    UnlockEarly,
    /// What was known before the lock was granted is taken for what is there.
    NoReread,
    /// Whatever is there is written over.
    Overwrite,
    /// Journal entries are not seen.
    IgnoreJournal,
}

impl Sabotage {
    pub(crate) const ALL: [Self; 11] = [
        Self::SendRefreshTwice,
        Self::KeepOldRefreshToken,
        Self::SwallowSettle,
        Self::SettleTwice,
        Self::EndOnFailure,
        Self::EndTwice,
        Self::SwallowWake,
        Self::NeverRest,
        Self::SwallowRevocation,
        Self::TokenAfterEnd,
        Self::TellSecret,
    ];

    /// Those of device logins, exchanges and checks.
    pub(crate) const OF_OTHER_FLOWS: [Self; 4] =
        [Self::AskTwice, Self::ExchangeTwice, Self::KeepWhatChecksBring, Self::BelieveEveryDenial];

    /// Those that only show where pages share a session.
    pub(crate) const SHARED: [Self; 4] =
        [Self::UnlockEarly, Self::NoReread, Self::Overwrite, Self::IgnoreJournal];

    /// What is in the form of the requests that it sends twice.
    fn twice(self) -> Option<&'static str> {
        match self {
            Self::SendRefreshTwice => Some(REFRESH),
            Self::AskTwice => Some("device_code="),
            Self::ExchangeTwice => Some("subject_token="),
            _ => None,
        }
    }

    /// What the checker must say.
    pub(crate) fn complaint(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::SendRefreshTwice => &["two refresh requests in the air"],
            Self::KeepOldRefreshToken => &["although it was replaced"],
            Self::SwallowSettle => &["is open for"],
            Self::SettleTwice => &["but is not open"],
            Self::EndOnFailure => &["without the server's word", "ends for nothing"],
            Self::EndTwice => &["ends that was over", "endings at once"],
            Self::SwallowWake => &["does not come back to life", "is open for", "took"],
            Self::NeverRest => &["asks to be woken after", "without time passing"],
            Self::SwallowRevocation => &["is not given back"],
            Self::TokenAfterEnd => &["of a session that is over"],
            Self::TellSecret => &["a secret in"],
            Self::AskTwice => &["two polls in the air"],
            Self::ExchangeTwice => &["an exchange that nobody asked for"],
            Self::KeepWhatChecksBring => &["what a check brought is not given back"],
            Self::BelieveEveryDenial => &["without the server's word"],
            Self::UnlockEarly => &["that another page has sent", "its successor was written"],
            Self::NoReread => &["what was read under the lock is not known", "its successor was written"],
            Self::Overwrite => &["is kept after a logout", "that another page has sent", "cannot know"],
            Self::IgnoreJournal => &["a journal entry is not acted upon"],
        }
    }
}

/// Bends outputs.
#[derive(Debug, Default)]
pub(crate) struct Saboteur {
    pub(crate) how: Sabotage,
    first_refresh: Option<String>,
    last_token: Option<String>,
    settled: u32,
    /// What is kept, as this page believes.
    known: Option<(String, String)>,
    writing: Vec<(u32, String)>,
}

impl Saboteur {
    pub(crate) fn new(how: Sabotage) -> Self {
        Self { how, ..Self::default() }
    }

    pub(crate) fn bend(&mut self, output: Output) -> Vec<Output> {
        match (self.how, output) {
            (Sabotage::None, output) => vec![output],
            (how, Output::Send(job, request)) if how.twice().is_some_and(|part| has(&request, part)) => {
                let again = duplicate(&request, request.form.as_ref().map(|f| f.expose().to_owned()));
                vec![Output::Send(job, request), Output::Send(job, again)]
            }
            (Sabotage::KeepOldRefreshToken, Output::Send(job, request)) if is_refresh(&request) => {
                let form = request.form.as_ref().map(|form| form.expose().to_owned()).unwrap_or_default();
                let first = self.first_refresh.get_or_insert_with(|| form.clone()).clone();
                vec![Output::Send(job, duplicate(&request, Some(first)))]
            }
            (Sabotage::SwallowSettle, Output::Settle(op, result)) => {
                self.settled += 1;
                if self.settled.is_multiple_of(7) { Vec::new() } else { vec![Output::Settle(op, result)] }
            }
            (Sabotage::SettleTwice, Output::Settle(op, result)) => {
                let again = Err(Error::new(Code::Aborted));
                vec![Output::Settle(op, result), Output::Settle(op, again)]
            }
            (Sabotage::EndOnFailure, Output::Event(Event::RenewalFailed, _)) => {
                let error = Error::new(Code::SessionEnded);
                vec![Output::Token(None), Output::Event(Event::SessionExpired, Some(error))]
            }
            (Sabotage::BelieveEveryDenial, Output::Settle(op, Err(error)))
                if error.oauth_error.as_deref() == Some("login_required") =>
            {
                let ended = Output::Event(Event::SessionExpired, Some(Error::new(Code::SessionEnded)));
                vec![Output::Token(None), ended, Output::Settle(op, Err(error))]
            }
            (Sabotage::EndTwice, Output::Event(Event::SessionExpired, error)) => {
                let again = Output::Event(Event::SessionExpired, error.clone());
                vec![Output::Event(Event::SessionExpired, error), again]
            }
            (Sabotage::SwallowWake, Output::Wake(_)) => Vec::new(),
            (Sabotage::NeverRest, Output::Wake(Some(_))) => vec![Output::Wake(Some(0))],
            (Sabotage::SwallowRevocation | Sabotage::KeepWhatChecksBring, Output::Send(_, request))
                if request.purpose == Purpose::Revocation =>
            {
                Vec::new()
            }
            (Sabotage::TokenAfterEnd, Output::Token(Some(token))) => {
                self.last_token = Some(token.token.expose().to_owned());
                vec![Output::Token(Some(token))]
            }
            (Sabotage::TokenAfterEnd, Output::Settle(op, Err(error)))
                if error.code == Code::SessionEnded || error.code == Code::LoginRequired =>
            {
                vec![self.stale_token(op).unwrap_or(Output::Settle(op, Err(error)))]
            }
            (Sabotage::TellSecret, Output::Settle(op, Err(error))) => {
                let path = format!("rejected at.1.{}", crate::server::MARK);
                vec![Output::Settle(op, Err(Error::at(error.code, &path)))]
            }
            (Sabotage::UnlockEarly, Output::Send(job, request)) if is_refresh(&request) => {
                vec![Output::Send(job, request), Output::Keep(JobId(0), Keep::Unlock)]
            }
            (Sabotage::Overwrite, Output::Keep(job, Keep::Save { record, .. })) => {
                vec![Output::Keep(job, Keep::Save { record, over: None })]
            }
            (Sabotage::NoReread, Output::Keep(job, Keep::Save { record, over })) => {
                self.writing.push((job.0, record.expose().to_owned()));
                vec![Output::Keep(job, Keep::Save { record, over })]
            }
            (_, output) => vec![output],
        }
    }

    /// Bends what the keeper says.
    pub(crate) fn bend_kept(&mut self, job: JobId, asked: Option<&Keep>, mut kept: Kept) -> Kept {
        match self.how {
            Sabotage::NoReread => {
                if let (Some(Keep::Lock), Some((record, revision))) = (asked, &self.known) {
                    kept.record = Some(Secret::new(record.clone()));
                    kept.revision = Some(revision.clone());
                    return kept;
                }
                let written = self.writing.iter().position(|(id, _)| *id == job.0);
                let written = written.map(|at| self.writing.swap_remove(at).1);
                let record = kept.record.as_ref().map(|record| record.expose().to_owned());
                if let Some(known) = record.or(written).zip(kept.revision.clone()) {
                    self.known = Some(known);
                }
            }
            Sabotage::IgnoreJournal => {
                if let Some(record) = kept.record.take() {
                    kept.record = Some(Secret::new(record.expose().replace("\"journal\":", "\"j\":")));
                }
            }
            _ => {}
        }
        kept
    }

    fn stale_token(&self, op: OpId) -> Option<Output> {
        use tokenward::engine::output::Reply;
        let token = Secret::new(self.last_token.clone()?);
        Some(Output::Settle(op, Ok(Reply::Token { token, serial: 1 })))
    }
}

const REFRESH: &str = "grant_type=refresh_token";

fn has(request: &tokenward::protocol::http::HttpRequest, part: &str) -> bool {
    request.form.as_ref().is_some_and(|form| form.expose().contains(part))
}

fn is_refresh(request: &tokenward::protocol::http::HttpRequest) -> bool {
    has(request, REFRESH)
}

fn duplicate(
    request: &tokenward::protocol::http::HttpRequest,
    form: Option<String>,
) -> tokenward::protocol::http::HttpRequest {
    tokenward::protocol::http::HttpRequest::post(
        request.purpose,
        request.url.clone(),
        form.unwrap_or_default(),
        request.timeout,
    )
}
