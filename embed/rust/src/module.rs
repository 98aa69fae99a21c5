//! The compiled guest, kept in the user's cache folder between processes.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, io};

use wasmtime::{Config, Engine, InstancePre, Linker, Module};

use crate::files;
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
    let _turn = turn(&folder);
    if let Some(module) = cached(engine, &path) {
        return Ok(module); // another process has been at it
    }
    log::info!("compiling redlet.wasm, which is kept in {}", path.display());
    let module = Module::new(engine, wasm)?;
    if let Err(error) = keep(&path, &module.serialize()?) {
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

/// Makes the folder and lets one process compile at a time, where the system has a way to say so.
fn turn(folder: &Path) -> io::Result<File> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    let file = File::create(folder.join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// Puts the compiled module in its place at once, so that nobody reads half of one.
fn keep(path: &Path, module: &[u8]) -> io::Result<()> {
    files::replace(path, module)?;
    let mut kept: Vec<_> = fs::read_dir(path.parent().expect("a file in a folder"))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .map(|path| (path.metadata().and_then(|data| data.modified()).ok(), path))
        .collect();
    kept.sort();
    for (_, old) in kept.iter().rev().skip(KEPT) {
        let _ = fs::remove_file(old);
    }
    Ok(())
}
