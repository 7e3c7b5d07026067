//! Where things are in the checkout.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Everything that is made and is not the package; inside the checkout, so that its node_modules are found.
pub fn made() -> PathBuf {
    root().join("target")
}

/// Cargo's own output folder.
pub fn cargo_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(made, |dir| root().join(dir))
}

/// The package, ready for `npm install ./pkg`.
pub fn package() -> PathBuf {
    root().join("pkg")
}

/// An empty folder at this place.
pub fn fresh(dir: &Path) -> Result<()> {
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| format!("could not clear {}", shown(dir)))?;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("could not create {}", shown(dir)))
}

/// Copies one file, making its folder.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("could not copy {} to {}", shown(from), shown(to)))
}

/// Copies a folder with everything in it.
pub fn copy_all(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        copy(&file, &to.join(file.strip_prefix(from)?))?;
    }
    Ok(())
}

/// All files below a folder, sorted, without `node_modules` and hidden folders.
pub fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(dir).with_context(|| format!("could not read {}", shown(dir)))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !path.is_dir() {
            found.push(path);
        } else if name != "node_modules" && !name.starts_with('.') {
            found.extend(files(&path)?);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether any of these files and folders (that exist) changed after `made` was written.
pub fn newer_than(made: &Path, sources: &[PathBuf]) -> Result<bool> {
    let Ok(at) = made.metadata().and_then(|meta| meta.modified()) else { return Ok(true) };
    for source in sources.iter().filter(|source| source.exists()) {
        let inside = if source.is_dir() { files(source)? } else { vec![source.clone()] };
        let changed =
            |file: &PathBuf| file.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::now());
        if inside.iter().any(|file| changed(file) > at) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes the stamp of something made, dated when the making began: what changes meanwhile counts as newer.
pub fn stamp(at: &Path, text: &str, begun: SystemTime) -> Result<()> {
    std::fs::write(at, text)?;
    let file = std::fs::File::options().append(true).open(at)?;
    file.set_modified(begun).with_context(|| format!("could not date {}", shown(at)))
}

/// A path as a person in the checkout would type it.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn newer_sources_are_seen_at_any_depth() {
        let dir = std::env::temp_dir().join(format!("xtask-paths-{}", std::process::id()));
        fresh(&dir).unwrap();
        let (made, inside) = (dir.join("stamp"), dir.join("source/a/b.txt"));
        let sources = [dir.join("source"), dir.join("not-there")];
        std::fs::write(dir.join("c.txt"), "c").unwrap();
        copy(&dir.join("c.txt"), &inside).unwrap();
        assert!(newer_than(&made, &sources).unwrap(), "nothing made yet");
        let now = SystemTime::now();
        stamp(&made, "x", now + Duration::from_secs(5)).unwrap();
        assert!(!newer_than(&made, &sources).unwrap());
        stamp(&made, "x", now - Duration::from_secs(5)).unwrap();
        assert!(newer_than(&made, &sources).unwrap());
        copy_all(&dir.join("source"), &dir.join("copy")).unwrap();
        assert_eq!(files(&dir.join("copy")).unwrap(), [dir.join("copy/a/b.txt")]);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
