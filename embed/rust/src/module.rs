//! The compiled guest, kept in the user's cache folder between processes.

use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wasmtime::{Config, Engine, InstancePre, Linker, Module};

use crate::guest::{self, World};

const WASM: &[u8] = include_bytes!("../redlet.wasm");
const KEPT: usize = 4; // compiled modules, of 17 MB each

/// The module, compiled once in a process, and where it can be once on a machine.
pub(crate) fn load() -> wasmtime::Result<InstancePre<World>> {
    static LOADED: Mutex<Option<InstancePre<World>>> = Mutex::new(None);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = &*loaded {
        return Ok(module.clone());
    }
    let mut config = Config::new();
    config.max_wasm_stack(1 << 20).wasm_backtrace_max_frames(None);
    let engine = Engine::new(&config)?;
    let module = compiled(&engine, WASM, env!("REDLET_WASM_DIGEST"), folder())?;
    let mut linker = Linker::new(&engine);
    guest::wasi(&mut linker)?;
    Ok(loaded.insert(linker.instantiate_pre(&module)?).clone())
}

/// Compiles a module, or takes what was kept of it in a folder.
pub(crate) fn compiled(
    engine: &Engine,
    wasm: &[u8],
    digest: &str,
    folder: Option<PathBuf>,
) -> wasmtime::Result<Module> {
    let Some(folder) = folder else { return Module::new(engine, wasm) };
    let mut key = DefaultHasher::new();
    digest.hash(&mut key);
    engine.precompile_compatibility_hash().hash(&mut key); // wasmtime, target, processor
    let path = folder.join(format!("redlet-{:016x}.cwasm", key.finish()));
    if let Some(module) = cached(engine, &path) {
        return Ok(module);
    }
    let _turn = turn(&path);
    if let Some(module) = cached(engine, &path) {
        return Ok(module); // another process has been at it
    }
    log::info!("compiling redlet.wasm, which is kept in {}", path.display());
    let module = Module::new(engine, wasm)?;
    if let Err(error) = module
        .serialize()
        .map_err(|error| io::Error::other(error.to_string()))
        .and_then(|m| keep(&path, &m))
    {
        log::warn!("the compiled redlet.wasm cannot be kept: {error}");
    }
    Ok(module)
}

/// Where compiled modules are kept: REDLET_CACHE_DIR, or redlet's own place for the user.
fn folder() -> Option<PathBuf> {
    let var = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = |folder| var("HOME").map(|home| home.join(folder));
    var("REDLET_CACHE_DIR").or_else(|| {
        let caches = if cfg!(windows) {
            var("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            home("Library/Caches")
        } else {
            var("XDG_CACHE_HOME").or_else(|| home(".cache"))
        };
        Some(caches?.join("redlet").join("rust"))
    })
}

#[allow(unsafe_code)]
fn cached(engine: &Engine, path: &Path) -> Option<Module> {
    if !path.exists() {
        return None;
    }
    // SAFETY: what `keep` has put there, whole, in a folder that is this user's alone, for this
    // module and compiler; nobody writes to it again. wasmtime refuses another version's.
    match unsafe { Module::deserialize_file(engine, path) } {
        Ok(module) => Some(module),
        Err(error) => {
            log::info!("{} is of no use: {error}", path.display());
            None
        }
    }
}

/// Lets one process compile at a time, where the system has a way to say so.
fn turn(path: &Path) -> Option<File> {
    make_folder(path.parent()?).ok()?;
    let file = File::create(path.with_extension("lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Puts the compiled module in its place at once, so that nobody reads half of one.
fn keep(path: &Path, module: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("a file in a folder");
    make_folder(folder)?;
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(module)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
        return written;
    }
    let mut old: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .map(|path| (path.metadata().and_then(|data| data.modified()).ok(), path))
        .collect();
    old.sort();
    for (_, path) in old.iter().rev().skip(KEPT) {
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(path.with_extension("lock"));
    }
    Ok(())
}
