//! The compiled guest, kept in the user's cache folder between processes.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, io};

use parking_lot::Mutex;
use wasmtime::{Config, Engine, Module};

use crate::files;

const WASM: &[u8] = include_bytes!("../redlet.wasm");
const KEPT: usize = 4; // compiled modules, of 17 MB each

/// The module, compiled once in a process, and where it can be once on a machine.
pub(crate) fn load() -> wasmtime::Result<Module> {
    static LOADED: Mutex<Option<Module>> = Mutex::new(None);
    let mut loaded = LOADED.lock();
    if let Some(module) = &*loaded {
        return Ok(module.clone());
    }
    let mut config = Config::new();
    config.max_wasm_stack(1 << 20).wasm_backtrace_max_frames(None);
    let engine = Engine::new(&config)?;
    let folder = env::var_os("REDLET_CACHE_DIR").filter(|folder| !folder.is_empty());
    let folder =
        folder.map(PathBuf::from).or_else(|| Some(dirs::cache_dir()?.join("redlet").join("rust")));
    let module = compiled(&engine, WASM, env!("REDLET_WASM_DIGEST"), folder)?;
    Ok(loaded.insert(module).clone())
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
    if let Err(error) = keep(&folder, &path, &module.serialize()?) {
        log::warn!("the compiled redlet.wasm cannot be kept: {error}");
    }
    Ok(module)
}

#[allow(unsafe_code)]
fn cached(engine: &Engine, path: &Path) -> Option<Module> {
    if !path.exists() {
        return None;
    }
    // SAFETY: what `keep` has put there, whole, in a folder that is this user's alone, for this
    // module and compiler; nobody writes to it again. wasmtime refuses another version's.
    let module = unsafe { Module::deserialize_file(engine, path) };
    module.inspect_err(|error| log::info!("{} is of no use: {error}", path.display())).ok()
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
fn keep(folder: &Path, path: &Path, module: &[u8]) -> io::Result<()> {
    files::replace(path, module)?;
    let mut kept: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    kept.retain(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
    kept.sort_by_key(|path| Reverse(path.metadata().and_then(|data| data.modified()).ok()));
    kept.iter().skip(KEPT).try_for_each(fs::remove_file)
}
