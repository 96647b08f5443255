//! Threads with stacks that survive deep nesting, and panics that stay in their file.

use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A stack overflow aborts the process and nothing contains it; the deepest nesting that a parser was seen to survive on
/// this needs about a third of it. It is address space, not memory: pages that are never touched cost nothing.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// Runs `work` on a pool of its own.
///
/// # Errors
/// When the system gives no threads.
pub fn run<T: Send>(
    jobs: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, rayon::ThreadPoolBuildError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.unwrap_or(0))
        .stack_size(STACK_BYTES)
        .thread_name(|n| format!("casemate-{n}"))
        .build()?;
    Ok(pool.install(work))
}

/// Maps every item on its own; where `f` panics, the message takes the place of the result.
pub fn map_contained<T: Sync, R: Send>(
    items: &[T],
    f: impl Fn(&T) -> R + Sync,
) -> Vec<Result<R, String>> {
    items.par_iter().map(|item| contained(|| f(item))).collect()
}

/// Runs `f`; a panic becomes its message.
///
/// # Errors
/// The message of a panic.
pub fn contained<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "a panic without a message".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_stays_with_its_item() {
        let results = run(Some(2), || {
            map_contained(&[1, 2, 3], |n| if *n == 2 { panic!("two") } else { *n })
        })
        .unwrap();
        assert_eq!(results, [Ok(1), Err("two".to_owned()), Ok(3)]);
    }
}
