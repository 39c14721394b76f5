//! The seeded simulation: one server on the memory store, with a paused clock, in one thread. People submit, ask, work, report and watch
//! in an order that a seed decides, while the store fails, the bus loses, the clock jumps and the server is killed. After each commit, each
//! step and at the end, what must always hold is checked.
//!
//! `world` is a run; `people`, `users`, `workers` and `watchers` are who takes part; `faults` is what goes wrong; `ledger` checks each
//! commit, `checks` each step and the end. A failure prints its seed: `TIDINGS_SIM_SEED=7 cargo nextest run -p tidings-tests sim`
//! runs it again. `TIDINGS_SIM_SEEDS=50000` runs more seeds. What is not simulated: docs/decisions/what-the-simulation-covers.md.

mod checks;
mod clock;
mod diary;
mod dice;
mod faults;
mod folded;
mod ledger;
mod life;
mod people;
mod scene;
mod users;
mod watchers;
mod workers;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use world::{Failure, Reached};

/// Seeds of a run of all tests.
const SEEDS: u64 = 1_000;
/// Steps of one seed, at most.
const STEPS: u64 = 160;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

fn play(seed: u64) -> Result<Reached, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    // Short runs and long ones.
    let steps = 20 + seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (STEPS - 20);
    runtime.block_on(world::run(seed, steps as usize))
}

fn play_or_tell(seed: u64) -> Reached {
    play(seed).unwrap_or_else(|failure| {
        let lines = failure.lines.join("\n");
        let broken = failure.broken;
        panic!(
            "\n{lines}\n\nseed {seed} broke: {}\n  {}\n\nTIDINGS_SIM_SEED={seed} cargo nextest run -p tidings-tests -E 'test(sim::)'\n",
            broken.invariant, broken.what
        )
    })
}

#[test]
fn whatever_the_order_what_was_promised_holds() {
    if let Some(seed) = from_env("TIDINGS_SIM_SEED") {
        play_or_tell(seed);
        return;
    }
    let seeds = from_env("TIDINGS_SIM_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let totals: Vec<[u64; 4]> = std::thread::scope(|scope| {
        let runs = |_| {
            scope.spawn(|| {
                let mut total = [0; 4];
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return total;
                    }
                    let reached = play_or_tell(seed);
                    let of_run = [reached.jobs as u64, reached.events as u64, reached.restarts, reached.resumes];
                    total.iter_mut().zip(of_run).for_each(|(sum, count)| *sum += count);
                }
            })
        };
        let threads: Vec<_> = (0..threads).map(runs).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, [u64; 4]>| {
            thread.join().unwrap_or_else(|panic| {
                next.store(seeds, Ordering::Relaxed);
                std::panic::resume_unwind(panic)
            })
        };
        threads.into_iter().map(join).collect()
    });
    let sum = |at: usize| totals.iter().map(|total| total[at]).sum::<u64>();
    println!("{seeds} seeds: {} jobs, {} events, {} restarts, {} resumes", sum(0), sum(1), sum(2), sum(3));
    assert!((0..4).all(|at| sum(at) > seeds / 4), "the seeds no longer reach everything");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 0..20 {
        let (first, second) = (play_or_tell(seed), play_or_tell(seed));
        assert_eq!(first.fingerprint, second.fingerprint, "seed {seed}");
    }
}
