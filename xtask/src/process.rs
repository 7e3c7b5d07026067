//! Running other programs: what is run is printed, what it says is passed on, a failure names it.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// One program to run, with the name it has in messages.
#[derive(Debug)]
pub struct Run {
    command: Command,
    name: String,
}

/// What a program that was watched did.
#[derive(Debug)]
pub struct Outcome {
    /// It ended by itself, with exit code 0.
    pub success: bool,
    /// Everything it printed, both streams, in the order of arrival.
    pub output: String,
}

impl Run {
    /// A program by name or path.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let name = Path::new(&program).file_name().unwrap_or(program.as_ref()).to_string_lossy().into_owned();
        Self { command: Command::new(program), name }
    }

    /// A program that lets others go first, where that can be said.
    pub fn humble(program: impl AsRef<OsStr>) -> Self {
        match crate::tools::find("nice") {
            Some(nice) => Self::new(nice).args(["-n", "15"]).arg(program),
            None => Self::new(program),
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets the folder it runs in.
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets one environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the name used in messages.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Runs it with this program's own input and output; anything but exit code 0 is an error.
    pub fn run(mut self) -> Result<()> {
        let status = self.command.status().with_context(|| format!("could not start {}", self.name))?;
        if !status.success() {
            bail!("{} failed ({status})", self.name);
        }
        Ok(())
    }

    /// Runs it silently and returns what it wrote to standard output; on failure its words are shown.
    pub fn read(mut self) -> Result<String> {
        let output = self
            .command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("could not start {}", self.name))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("{} failed:\n{text}{}", self.name, String::from_utf8_lossy(&output.stderr));
        }
        Ok(text)
    }

    /// Whether it runs and ends well, without a word.
    pub fn works(mut self) -> bool {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.command.status().is_ok_and(|status| status.success())
    }

    /// Runs it, passes its output on line by line and keeps a copy; stops it after `limit`.
    pub fn watch(self, limit: Duration) -> Result<Outcome> {
        self.follow(limit, |line| {
            // A closed pipe at the other end is no reason to stop a test run.
            let _ = std::io::stdout().write_all(line.as_bytes());
        })
    }

    /// The same, with somebody else to decide what is shown.
    pub fn follow(mut self, limit: Duration, mut show: impl FnMut(&str)) -> Result<Outcome> {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start {}", self.name))?;
        let (sender, lines) = mpsc::channel();
        forward(child.stdout.take(), sender.clone());
        forward(child.stderr.take(), sender);

        let deadline = Instant::now() + limit;
        let mut end = deadline;
        let mut output = String::new();
        let mut status = None;
        let mut timed_out = false;
        loop {
            match lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => {
                    show(&line);
                    output.push_str(&line);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if status.is_some() => break,
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(20)),
            }
            if status.is_none() {
                status = child.try_wait()?;
                if status.is_some() {
                    // Grandchildren may hold the pipes open; they get a moment, not for ever.
                    end = Instant::now() + Duration::from_secs(3);
                }
            }
            if Instant::now() >= end {
                if status.is_none() {
                    timed_out = true;
                    println!("{} took longer than {} s and is stopped", self.name, limit.as_secs());
                    stop(&mut child);
                }
                break;
            }
        }
        let success = !timed_out && status.is_some_and(|status| status.success());
        Ok(Outcome { success, output })
    }

    /// Becomes that program: signals then reach it and nothing is left behind.
    pub fn become_it(mut self) -> Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            let error = self.command.exec();
            Err(error).with_context(|| format!("could not start {}", self.name))
        }
        #[cfg(not(unix))]
        self.run()
    }
}

/// Sends what comes out of a pipe, line by line, from a thread of its own.
fn forward(pipe: Option<impl Read + Send + 'static>, lines: Sender<String>) {
    let Some(pipe) = pipe else { return };
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
            line.clear();
        }
    });
}

/// Ends a program and, where the system shows them, everything it started.
fn stop(child: &mut Child) {
    for pid in descendants(child.id()) {
        Run::new("kill").args(["-9", &pid.to_string()]).works();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The processes below `pid`, read from /proc; empty where there is none.
fn descendants(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The name before the parent's id is in parentheses and may hold anything.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.remove(0);
    found
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn watched_output_holds_both_streams_and_the_result() {
        let outcome = Run::new("sh")
            .args(["-c", "echo out; echo err >&2; exit 3"])
            .watch(Duration::from_secs(10))
            .unwrap();
        assert!(!outcome.success);
        assert!(outcome.output.contains("out\n") && outcome.output.contains("err\n"));
    }

    #[test]
    fn a_program_that_hangs_is_stopped_with_its_children() {
        let before = Instant::now();
        let outcome =
            Run::new("sh").args(["-c", "sleep 60 & sleep 60"]).watch(Duration::from_millis(300)).unwrap();
        assert!(!outcome.success && outcome.output.is_empty());
        assert!(before.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_does_not_hold_the_run() {
        let before = Instant::now();
        let outcome =
            Run::new("sh").args(["-c", "sleep 8 & echo done"]).watch(Duration::from_secs(30)).unwrap();
        assert!(outcome.success);
        assert!(before.elapsed() < Duration::from_secs(7));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Run::new("no-such-program").run().unwrap_err();
        assert_eq!(error.to_string(), "could not start no-such-program");
    }
}
