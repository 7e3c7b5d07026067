//! The browsers of the tests and the programs that drive them.

use crate::process::Run;
use crate::tools::{apt_install, cargo, cargo_install, find};
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::sync::Mutex;

/// geckodriver has no Debian package; it is built from this version.
const GECKODRIVER: &str = "0.37.1";

/// A browser engine the end-to-end tests run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// Chromium with chromedriver.
    Chromium,
    /// Firefox with geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser with WebKitWebDriver, on a virtual display where there is none.
    WebKit,
}

impl Browser {
    /// The name the test runners know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// Whether its tests need a display.
    pub fn needs_display(self) -> bool {
        self == Self::WebKit && cfg!(target_os = "linux") && std::env::var_os("DISPLAY").is_none()
    }

    /// Debian packages that are missing here.
    fn missing(self) -> Vec<&'static str> {
        let programs: &[(&[&str], &str)] = match self {
            Self::Chromium => &[
                (&["chromium", "chromium-browser", "google-chrome", "chrome"], "chromium"),
                (&["chromedriver"], "chromium-driver"),
            ],
            Self::Firefox => &[(&["firefox-esr", "firefox"], "firefox-esr")],
            Self::WebKit => &[(&["WebKitWebDriver"], "webkit2gtk-driver")],
        };
        let mut packages: Vec<&str> = programs
            .iter()
            .filter(|(names, _)| names.iter().all(|name| find(name).is_none()))
            .map(|(_, package)| *package)
            .collect();
        if self.needs_display() && find("xvfb-run").is_none() {
            packages.extend(["xvfb", "xauth"]);
        }
        packages
    }

    /// Installs what is missing. The error says in one line what a person has to install.
    pub fn ensure(self) -> Result<()> {
        // Steps that run side by side may miss the same, or each something: apt does not wait for another one.
        static INSTALLING: Mutex<()> = Mutex::new(());
        let _installing = INSTALLING.lock();
        if cfg!(target_os = "linux") || self != Self::WebKit {
            let missing = self.missing();
            if !missing.is_empty() {
                apt_install(&missing).with_context(|| format!("{} is missing", self.name()))?;
                let left = self.missing();
                ensure!(left.is_empty(), "{} is installed and cannot be found", left.join(", "));
            }
        } else {
            bail!("webkit is missing: its driver exists on Linux only (webkit2gtk-driver)");
        }
        if self == Self::WebKit && !mini_browser() {
            bail!("webkit is missing: no MiniBrowser beside WebKitWebDriver");
        }
        if self == Self::Firefox && find("geckodriver").is_none() {
            cargo_install(Run::new(cargo()), "geckodriver", GECKODRIVER)
                .context("firefox is missing its geckodriver")?;
        }
        Ok(())
    }
}

/// Whether WebKitGTK's test browser is where Debian and others put it.
fn mini_browser() -> bool {
    let below = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    ["/usr/lib", "/usr/lib64", "/usr/libexec"].iter().map(Path::new).any(|lib| {
        below(lib).any(|dir| {
            dir.join("MiniBrowser").exists() || below(&dir).any(|inner| inner.join("MiniBrowser").exists())
        })
    })
}
