//! What every implementation of the ports must do, as plain functions. A fault found in one implementation becomes a case here first.
//!
//! [`store_cases`](crate::store_cases) and [`output_cases`](crate::output_cases) name all cases, so that one line in a test runs them.

pub mod checks;
pub mod claims;
pub mod counts;
pub mod history;
pub mod life;
pub mod lists;
pub mod log;
pub mod mirrors;
pub mod output;
pub mod rig;
pub mod submits;

pub use rig::{RecordingBus, Rig};

/// Makes a test of every case of the store for the rig that `$make` (an expression) makes.
#[macro_export]
macro_rules! store_cases {
    ($make:expr) => {
        $crate::store_cases! { @each $make;
            submits::makes_jobs_that_can_be_read, submits::makes_all_of_a_batch_or_none, submits::refuses_an_id_that_is_taken,
            submits::names_the_root_of_a_chain, submits::answers_a_repeated_key, submits::forgets_a_key_after_its_time,
            submits::keeps_every_field,
            claims::gives_by_priority_then_first_in_first_out, claims::keeps_the_places_of_a_task_and_of_all,
            claims::gives_a_tenant_only_its_own, claims::gives_each_job_once, claims::counts_what_an_earlier_request_took,
            life::completes_with_a_result, life::refuses_a_stale_lease, life::refuses_another_revision, life::goes_through_pause_and_wait,
            life::retries_and_keeps_attempts, life::saves_progress_without_an_event, life::renews_leases_without_an_event,
            life::hears_a_late_word, life::keeps_lengths_over_a_jump, life::deletes_an_ended_job, life::gives_no_job_to_another_tenant, life::shows_open_attempts, life::tells_what_is_due,
            mirrors::are_one_for_each_name, mirrors::are_not_made_of_what_runs_here, mirrors::walk_through_what_was_skipped, mirrors::keep_every_field, mirrors::take_no_place,
            mirrors::grow_stale_and_lost, mirrors::race_for_a_name,
            counts::add_up_after_random_steps, counts::see_only_what_the_view_sees,
            lists::page_without_doubles_or_holes, lists::a_last_page_says_so, lists::filter_by_everything, lists::search_text, lists::go_by_status,
            lists::follow_tags, lists::snapshot_topics, lists::snapshot_is_cut,
            log::has_no_holes_and_the_bus_the_same_order, log::tells_of_removed_tags, log::history_goes_by_revision,
            log::snapshot_fits_its_place, log::is_swept_and_does_not_go_back, log::many_commits_with_refusals_among_them,
            log::refuses_after_close,
            history::pages_of_a_long_history_join, history::a_swept_history_begins_at_the_floor,
            history::a_history_goes_on_after_all_of_it_was_swept, history::a_deleted_job_has_no_history,
            history::tells_an_attempt_before_and_after_its_end, history::many_histories_go_on_after_one_decision,
        }
    };
    (@each $make:expr; $($module:ident :: $case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let rig = $make;
                $crate::conformance::$module::$case(&rig).await;
            }
        )+
    };
}

/// Makes a test of every case of the output store for what `$make` (an expression) makes.
#[macro_export]
macro_rules! output_cases {
    ($make:expr) => {
        $crate::output_cases! { @each $make;
            counts_offsets_over_all_streams, reads_from_the_middle, keeps_head_and_tail, reads_in_portions, keeps_attempts_apart,
            joins_small_pieces_and_leaves_lines, forgets_a_job, names_the_jobs_it_has, takes_one_huge_piece,
        }
    };
    (@each $make:expr; $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let made = $make;
                $crate::conformance::output::$case(&*made.output).await;
            }
        )+
    };
}
