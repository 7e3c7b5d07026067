//! Tokenward's only build tool. `cargo xtask` alone says what there is.

mod bench;
mod browsers;
mod demo;
mod docs;
mod fuzz;
mod glue;
mod hints;
mod hostile;
mod inline;
mod merge;
mod order;
mod package;
mod paths;
mod process;
mod size;
mod soak;
mod test;
mod tools;
mod wasm;

use anyhow::{Context, Result, bail, ensure};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
cargo xtask COMMAND

  demo [--port N]         build, start a local OpenID provider and the example pages, print the address
  demo --check            the same, driven in a headless browser; ends with its result
  test [--quick] [--only STEP]
                          every check there is; --quick leaves out the browsers; --only may be repeated
  build [--dev]           pkg/, ready for `npm install ./pkg` or `npm publish`; --dev is quick and readable
  fuzz [--minutes N] [--only TARGET]
                          the fuzz targets, a minute each; needs a nightly toolchain
  size                    sizes of what is shipped and downloaded, held against xtask/budgets.json
  bench [ARGUMENTS]       speed and memory beside other libraries, in headless Chromium
  soak [--schedules N] [--first SEED]
                          the simulated world of the tests for a million schedules of each kind, or for N
  herd                    a million clients after an outage of their provider: the peak rate, and docs/herd.svg
  hostile [--browser NAME] [--all] [--native] [ROW]...
                          every row of the hostile-server table and the tests that prove it; in Chromium, in the
                          browser named, in all three, or in none
  hostile --peer NAME     another library through the same rows
  hostile --page          docs/hostile.md from the rows, and nothing else
  docs                    the API reference of the crate and of the package, in target/docs
  help                    this text

It needs Rust (by rustup) and Node 20 or newer, and installs or names what else is missing.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command line; `false` when the command worked and what it looked at did not.
fn run(arguments: &[String]) -> Result<bool> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "demo" => {
            let mut options = Options::new(rest);
            let (check, port) = (options.flag("--check"), options.value("--port")?);
            options.end()?;
            let port = port
                .map(|port| port.parse().with_context(|| format!("--port: {port} is no port")))
                .transpose()?;
            if check { demo::check()? } else { demo::serve(port)? }
        }
        "test" => {
            let mut options = Options::new(rest);
            let mut selection = test::Selection { quick: options.flag("--quick"), only: Vec::new() };
            while let Some(name) = options.value("--only")? {
                selection.only.push(name);
            }
            options.end()?;
            return test::run(&selection);
        }
        "build" => {
            let mut options = Options::new(rest);
            let mode = if options.flag("--dev") { wasm::Mode::Dev } else { wasm::Mode::Release };
            options.end()?;
            package::build(mode)?;
        }
        "fuzz" => {
            let mut options = Options::new(rest);
            let minutes: f64 = match options.value("--minutes")? {
                Some(minutes) => {
                    minutes.parse().with_context(|| format!("--minutes: {minutes} is no number"))?
                }
                None => 1.0,
            };
            let mut only = Vec::new();
            while let Some(name) = options.value("--only")? {
                only.push(name);
            }
            options.end()?;
            ensure!(minutes > 0.0 && minutes < 10_000.0, "--minutes: more than none");
            return fuzz::run(Duration::from_secs_f64(minutes * 60.0), &only);
        }
        "size" => {
            Options::new(rest).end()?;
            size::run()?;
        }
        "soak" => {
            let mut options = Options::new(rest);
            let (schedules, first) = (options.number("--schedules")?, options.number("--first")?);
            options.end()?;
            soak::run(schedules, first)?;
        }
        "herd" => {
            Options::new(rest).end()?;
            soak::herd()?;
        }
        "bench" => bench::run(rest)?,
        "hostile" => {
            let mut options = Options::new(rest);
            if let Some(name) = options.value("--peer")? {
                options.end()?;
                hostile::peer(&name)?;
                return Ok(true);
            }
            if options.flag("--page") {
                options.end()?;
                hostile::page()?;
                return Ok(true);
            }
            let (all, native) = (options.flag("--all"), options.flag("--native"));
            let named = options.value("--browser")?.unwrap_or_else(|| "chromium".to_owned());
            let browsers = match (all, native) {
                (true, _) => vec!["chromium", "firefox", "webkit"],
                (_, true) => Vec::new(),
                _ => vec![named.as_str()],
            };
            let browsers = browsers.into_iter().map(hostile::browser).collect::<Result<_>>()?;
            let rows = options.rest()?;
            return hostile::run(&hostile::Selection { browsers, rows });
        }
        "docs" => {
            Options::new(rest).end()?;
            docs::run()?;
        }
        "help" | "--help" | "-h" => print!("{HELP}"),
        _ => bail!("no command {command}; `cargo xtask` lists them"),
    }
    Ok(true)
}

/// The arguments of a command, taken one by one.
struct Options(Vec<String>);

impl Options {
    fn new(arguments: &[String]) -> Self {
        Self(arguments.to_vec())
    }

    fn flag(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|argument| argument == name);
        found.map(|index| self.0.remove(index)).is_some()
    }

    fn value(&mut self, name: &str) -> Result<Option<String>> {
        let Some(index) = self.0.iter().position(|argument| argument == name) else { return Ok(None) };
        if index + 1 == self.0.len() {
            bail!("{name} needs a value");
        }
        self.0.remove(index);
        Ok(Some(self.0.remove(index)))
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>> {
        let value = self.value(name)?;
        value.map(|text| text.parse().with_context(|| format!("{name}: {text} is no number"))).transpose()
    }

    /// What is left, which may not look like an option.
    fn rest(self) -> Result<Vec<String>> {
        match self.0.iter().find(|argument| argument.starts_with('-')) {
            None => Ok(self.0),
            Some(argument) => bail!("unknown argument {argument}; `cargo xtask` shows what there is"),
        }
    }

    fn end(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some(argument) => bail!("unknown argument {argument}; `cargo xtask` shows what there is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &str) -> Options {
        Options(words.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_taken_once() {
        let mut all = options("--quick --only a --only b rest");
        assert!(all.flag("--quick") && !all.flag("--quick"));
        assert_eq!(all.value("--only").unwrap().unwrap(), "a");
        assert_eq!(all.value("--only").unwrap().unwrap(), "b");
        assert_eq!(all.value("--only").unwrap(), None);
        assert!(all.end().unwrap_err().to_string().contains("rest"));
        assert!(options("--port").value("--port").is_err());
        assert!(options("").end().is_ok());
    }

    #[test]
    fn unknown_commands_and_arguments_are_refused() {
        for words in [
            "nothing",
            "build --fast",
            "size x",
            "test --only",
            "demo --port x",
            "fuzz --minutes 0",
            "soak --schedules x",
            "herd 3",
        ] {
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            assert!(run(&words).is_err(), "{words:?}");
        }
    }
}
