//! Words of whoever holds a job's lease. Each answer carries what is asked of the reporter now.

use axum::extract::State;
use http::HeaderMap;
use wire::body::{ReportAnswer, ReportComplete, ReportFail, ReportHeartbeat, ReportOutput, ReportProgress, ReportWait};
use wire::problem::Problem;

use super::JobPath;
use crate::access::Caller;
use crate::answers::{Answer, json};
use crate::body::{JsonBody, OptionalBody};
use crate::conditions::lease;
use crate::context::Context;

macro_rules! reports {
    ($($(#[$meta:meta])* $name:ident $operation:literal $path:literal $call:ident $body:ident<$value:ident> $content:ty),+ $(,)?) => { $(
        $(#[$meta])*
        #[utoipa::path(
            post, path = $path, operation_id = $operation, tag = "reports", request_body = $content,
            params(("id" = String, Path), ("Tidings-Lease" = String, Header, description = "The lease's token")),
            responses(
                (status = 200, description = "Heard", body = ReportAnswer),
                (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub async fn $name(
            State(context): State<Context>,
            caller: Caller,
            JobPath(id): JobPath,
            headers: HeaderMap,
            body: $body<$value>,
        ) -> Answer {
            let told = context.engine.$call(&caller.0, id, lease(&headers)?, &body.value).await?;
            Ok(json(&told))
        }
    )+ };
}

reports! {
    /// Tell how far the work is.
    progress "reportProgress" "/jobs/{id}/progress" report_progress JsonBody<ReportProgress> ReportProgress,
    /// Tell that the work goes on.
    heartbeat "reportHeartbeat" "/jobs/{id}/heartbeat" report_heartbeat OptionalBody<ReportHeartbeat> Option<ReportHeartbeat>,
    /// Add lines to the job's output.
    write_output "reportOutput" "/jobs/{id}/output" report_output JsonBody<ReportOutput> ReportOutput,
    /// Tell that the work is done.
    complete "reportComplete" "/jobs/{id}/complete" report_complete OptionalBody<ReportComplete> Option<ReportComplete>,
    /// Tell that the attempt failed.
    fail "reportFail" "/jobs/{id}/fail" report_fail JsonBody<ReportFail> ReportFail,
    /// Tell that the job waits for something, and give its place back.
    wait "reportWait" "/jobs/{id}/wait" report_wait JsonBody<ReportWait> ReportWait,
}
