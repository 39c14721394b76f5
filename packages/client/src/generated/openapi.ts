/**
 * Written by `cargo xtask codegen` from docs/reference/openapi.json. Names for it are in records.ts and frames.ts.
 */
export interface paths {
  '/api/v1/claims': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Take jobs to work on, waiting for the first. */
    post: operations['claimJobs']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** List jobs, newest first. */
    get: operations['listJobs']
    put?: never
    /**
     * Make a job.
     * @description With `Prefer: wait=N` (at most 55 seconds) the answer waits for the end: 201 with the ended job, or 202 when it is not over by then.
     *     With `Prefer: respond-async` the answer is 202 at once. A repeated `Idempotency-Key` is answered 200 with the job of the first time.
     */
    post: operations['submitJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/actions': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Ask one verb of all jobs that a filter finds; with `dryRun`, only count them. */
    post: operations['actOnJobs']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/batch': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Make several jobs, all or none. */
    post: operations['submitBatch']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Read one job, whole. */
    get: operations['readJob']
    put?: never
    post?: never
    /** Delete an ended job with its output. */
    delete: operations['deleteJob']
    options?: never
    head?: never
    /** Change title, link, tags, priority, metadata or due time. */
    patch: operations['patchJob']
    trace?: never
  }
  '/api/v1/jobs/{id}/abort': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Stop for good: asked first, enforced after the grace period. */
    post: operations['abortJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/answer': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Bring a waiting job what it waits for. */
    post: operations['answerJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/attempts': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** List the attempts of a job, oldest first. */
    get: operations['listAttempts']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/complete': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Tell that the work is done. */
    post: operations['reportComplete']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/events': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** List what happened to a job, oldest first; at most 1,000 events. */
    get: operations['listEvents']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/fail': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Tell that the attempt failed. */
    post: operations['reportFail']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/heartbeat': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Tell that the work goes on. */
    post: operations['reportHeartbeat']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/kill': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Stop for good, at once. */
    post: operations['killJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/live': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Follow one job as Server-Sent Events. */
    get: operations['liveJob']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/output': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Read a range of a job's output.
     * @description With `Accept: text/plain` the answer is the bare text; the headers `Tidings-Output-Next` and `Tidings-Output-Ended` tell where to go on.
     */
    get: operations['readOutput']
    put?: never
    /** Add lines to the job's output. */
    post: operations['reportOutput']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/pause': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Pause: at the next safe point, or before the start. */
    post: operations['pauseJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/progress': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Tell how far the work is. */
    post: operations['reportProgress']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/rerun': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Make a new job of the same task, with the same input or another. */
    post: operations['rerunJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/resume': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Go on after a pause. */
    post: operations['resumeJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/retry': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Run an ended job again, or a retrying one at once. */
    post: operations['retryJob']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/run-now': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Start now what is due later. */
    post: operations['runJobNow']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/jobs/{id}/wait': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Tell that the job waits for something, and give its place back. */
    post: operations['reportWait']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/live': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Follow jobs over a WebSocket. The frames are in the AsyncAPI document; the first from the client is `auth`. */
    get: operations['live']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/live/events': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Follow topics as Server-Sent Events. */
    get: operations['liveEvents']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/live/poll': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Follow topics by asking again and again. */
    get: operations['livePoll']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/me': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Tell who asks. */
    get: operations['readMe']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/stats': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Count jobs by status, of what the caller may see. */
    get: operations['readStats']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tasks': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** List the tasks that can be started, with the counts of what the caller may see. */
    get: operations['listTasks']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tickets': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Get a single-use ticket for a browser's `EventSource`. */
    post: operations['makeTicket']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tokens': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /** Make a short token for a browser. Only a service may; the token cannot do more than the service. */
    post: operations['makeToken']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/healthz': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Tell that the process lives. */
    get: operations['readHealth']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/metrics': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Metrics as Prometheus text. Jobs are counted in the caller's tenant. */
    get: operations['readMetrics']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/readyz': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /** Tell whether the server can serve: the store reads and writes, and nobody asked it to stop. */
    get: operations['readReadiness']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
}
export type webhooks = Record<string, never>
export interface components {
  schemas: {
    /** @description `POST /jobs/actions`: one verb on many jobs. */
    Action: {
      /** @description True: only count, change nothing. */
      dryRun?: boolean
      filter: components['schemas']['ActionFilter']
      /**
       * Format: int32
       * @description How many jobs at most, 1 to 1,000; 1,000 unless told.
       */
      limit?: number
      /** @description `pause`, `resume`, `abort`, `kill`, `retry`, `run-now`, `delete`. */
      verb: components['schemas']['ActionVerb']
    }
    /** @description Which jobs. At least one field; all must hold. */
    ActionFilter: {
      batch?: string
      ids?: string[]
      owner?: string
      session?: string
      status?: string[]
      subject?: components['schemas']['Subject']
      tag?: string
      task?: string
    }
    ActionItem: {
      detail?: string
      id: string
      /** @description `changed`, `asked`, `unchanged`, or the code of the refusal. */
      outcome: string
    }
    /** @description What an action did, or would do. */
    ActionResult: {
      /** @description Empty on a dry run. */
      items: components['schemas']['ActionItem'][]
      /**
       * Format: int32
       * @description Jobs that the filter found, up to the limit.
       */
      matched: number
      /** @description Whether more would match. */
      more: boolean
    }
    /**
     * @description What may be asked of many jobs at once.
     * @enum {string}
     */
    ActionVerb: 'pause' | 'resume' | 'abort' | 'kill' | 'retry' | 'run-now' | 'delete'
    /** @description `POST /jobs/{id}/answer`. */
    AnswerJob: {
      value: unknown
    }
    /**
     * @description What somebody asked: a wish that is one.
     * @enum {string}
     */
    AskedKind: 'pause' | 'resume' | 'abort' | 'kill'
    AttemptList: {
      attempts: components['schemas']['AttemptRecord'][]
    }
    /** @description One execution of a job. */
    AttemptRecord: {
      endedAt?: string
      error?: components['schemas']['JobError']
      holder: string
      /**
       * Format: int32
       * @description From 1.
       */
      number: number
      /** @description How it went: a status, or `interrupted`, `error`, `time_limit`; absent while under way. */
      outcome?: string
      startedAt: string
    }
    /** @description The jobs that a batch made, in its order. */
    BatchMade: {
      jobs: components['schemas']['JobSummary'][]
    }
    /** @description `POST /claims`. */
    Claim: {
      /** Format: int64 */
      leaseMs?: number
      /**
       * Format: int32
       * @description 1 to 100; 1 unless told.
       */
      max?: number
      /** @description Names of tasks whose mode is `worker`. */
      tasks: string[]
      /**
       * Format: int32
       * @description Seconds to wait for a job, 0 to 55; 0 unless told.
       */
      wait?: number
      /** @description The worker's own name, for people. */
      worker: string
    }
    /** @description Jobs that were given to a worker, each with its lease. */
    ClaimedJobs: {
      jobs: components['schemas']['JobRecord'][]
    }
    /** @description A frame from a client. */
    ClientFrame:
      | {
          token?: string
          /** @enum {string} */
          type: 'auth'
        }
      | {
          after?: string
          /** Format: int32 */
          id: number
          topic: components['schemas']['Topic']
          /** @enum {string} */
          type: 'subscribe'
        }
      | {
          /** Format: int32 */
          id: number
          /** @enum {string} */
          type: 'unsubscribe'
        }
      | {
          /** @enum {string} */
          type: 'ping'
        }
    /**
     * @description The only kind of `left` that is told.
     * @enum {string}
     */
    DeletedKind: 'deleted'
    /** @description What happened to a job. Apply the job of a kind you do not know all the same. */
    EventKind:
      | 'submitted'
      | 'due'
      | 'claimed'
      | 'wished'
      | 'paused'
      | 'resumed'
      | 'waiting'
      | 'answered'
      | 'retrying'
      | 'settled'
      | 'corrected'
      | 'reopened'
      | 'changed'
      | 'deleted'
      | (string & {})
    EventList: {
      events: components['schemas']['EventRecord'][]
    }
    /** @description One entry of a job's history. */
    EventRecord: {
      at: string
      /** @description Who caused it; absent when the clock did. */
      by?: string
      /** @description What happened. */
      kind: components['schemas']['EventKind']
      position: string
      reason?: string
      /** Format: int64 */
      rev: number
      status: components['schemas']['Status']
      /** @description For `wished`: what was asked; absent when a wish was fulfilled without another change. */
      wish?: components['schemas']['AskedKind']
    }
    /** @description Who a connection speaks for. */
    FramePrincipal: {
      scopes: string[]
      subject: string
      tenant: string
      tenantWide?: boolean
    }
    /** @description Why a job or an attempt failed. */
    JobError: {
      /**
       * @description A stable word for the class of error: ours (`exit_code`, `signal`, `no_result`, `time_limit`, `out_of_memory`, `program_not_found`,
       *     `reporter_gone`, `server_gone`, …) or the app's.
       */
      kind: string
      /** @description A sentence for people. */
      message: string
    }
    /** @description A page of jobs, newest first. */
    JobPage: {
      /** @description Give it back as `cursor` for the next page; absent on the last. */
      cursor?: string
      jobs: components['schemas']['JobSummary'][]
      /** @description Follow from here with `after`, and nothing is missed. */
      position: string
    }
    /** @description One job, whole. */
    JobRecord: components['schemas']['JobSummary'] & {
      /** @description The value that `answer` brought. */
      answer?: unknown
      /** @description As submitted; any JSON value. */
      input?: unknown
      /** @description Only in the answer to a tracked submit or a claim: the right to report. */
      lease?: components['schemas']['Lease']
      /** @description The limits and the retry policy, as of its submit. */
      limits: components['schemas']['Limits']
      /** @description What the app put beside it; not in summaries. */
      metadata?: unknown
      /** @description What the work brought: any JSON value. */
      result?: unknown
    }
    /** @description A job as it stands in the log, in frames and in lists: at most 4 KB, without input, result and output. */
    JobSummary: {
      /**
       * Format: int32
       * @description Number of the newest attempt; 0 before the first.
       */
      attempt: number
      /** @description What the jobs of one batch have in common. */
      batchId?: string
      /** @description RFC 3339, UTC. */
      createdAt: string
      /** @description When it may start, while it is scheduled or retrying. */
      dueAt?: string
      /** @description When it reached its end. */
      endedAt?: string
      /** @description Why it failed. In a summary the message is cut at 500 bytes. */
      error?: components['schemas']['JobError']
      /** @description Its name in another system. */
      externalId?: string
      /**
       * @description `job_` and 26 characters; ids sort by age.
       * @example job_01jd9v3k5efx4b8n6w2q7r0mzt
       */
      id: string
      /** @description Where the app shows the result. */
      link?: string
      /** @description Who does the work. */
      mode: components['schemas']['Mode']
      /** @description The user who may see it. */
      owner: string
      /** @description The job that it was started by, if the submit named one. */
      parentId?: string
      /** @description How a running attempt is paused. */
      pause: components['schemas']['Pause']
      /**
       * Format: int32
       * @description −100 to 100; higher starts first.
       */
      priority: number
      /** @description How far the work is. Kept after the end. */
      progress: components['schemas']['Progress']
      /**
       * Format: int64
       * @description Running time of the newest attempt up to `updatedAt`, paused time not counted, in milliseconds.
       */
      ranMs: number
      /** @description Explains the status; an open list of words, for people. */
      reason?: string
      /** @description The job whose input it took over. */
      rerunOf?: string
      /**
       * Format: int64
       * @description Grows by one with each event of this job. Keep the highest, drop the rest.
       */
      rev: number
      /** @description Absent when it is the job itself. */
      rootId?: string
      /** @description The page or wizard it was started from: any text of the app. */
      session?: string
      /**
       * Format: int32
       * @description Which of its ends it is on the way to, or at; from 1. `retry` after an end begins the next.
       */
      settlement: number
      /** @description Start of the newest attempt. */
      startedAt?: string
      /** @description Where it stands; the last five are ends. Treat a word you do not know as active and show it. */
      status: components['schemas']['Status']
      /** @description What it is about, so that a page can ask whether something runs for this document. */
      subject?: components['schemas']['Subject']
      /** @description Sorted. Can be changed later. */
      tags?: string[]
      /**
       * Format: int32
       * @description How many tags were left out because the summary would have passed its 4 KB.
       */
      tagsOmitted?: number
      /** @description The kind of work: a task of the server, or any name for a tracked job. */
      task: string
      /** @description The wall between customers; `default` unless the token says otherwise. */
      tenant: string
      /** @description What people see instead of the task. */
      title?: string
      /** @description Time of the event that this is the state of. */
      updatedAt: string
      /** @description What the status allows to be asked now. */
      verbs: components['schemas']['Verb'][]
      /** @description What somebody asked of the running attempt; absent when nothing stands. */
      wish?: components['schemas']['Wish']
    }
    /** @description The right to run one attempt until a time. */
    Lease: {
      /** @description Report before then. RFC 3339. */
      expiresAt: string
      /** @description Goes into the header `Tidings-Lease` of each report. A secret. */
      token: string
    }
    /** @description The limits and the retry policy of a job, as of its submit. */
    Limits: {
      /**
       * Format: int64
       * @description How long an asked abort may take before it is enforced, in milliseconds.
       */
      abortGraceMs: number
      /**
       * Format: int32
       * @description Attempts in all, the first included.
       */
      attempts: number
      /** @description What becomes of it when its holder vanishes. */
      rescue: components['schemas']['Rescue']
      /**
       * Format: int64
       * @description Wait before the second attempt, in milliseconds; it doubles with each further one.
       */
      retryBaseMs: number
      /**
       * Format: int64
       * @description Longest wait between attempts, in milliseconds.
       */
      retryMaxMs: number
      /** @description Whether a passed time limit is tried again too. */
      retryOnTimeout: boolean
      /**
       * Format: int64
       * @description How long it may wait to start, in milliseconds; absent is for ever.
       */
      startWithinMs?: number
      /**
       * Format: int64
       * @description Longest running time of an attempt, paused time not counted, in milliseconds; absent is unlimited.
       */
      timeLimitMs?: number
    }
    /** @description `GET /me`. */
    Me: {
      expiresAt?: string
      /** @description Whether the server runs without access control, for development. */
      open: boolean
      scopes: string[]
      subject: string
      tenant: string
      /** @description Whether it sees all jobs of its tenant. */
      tenantWide: boolean
    }
    /**
     * @description Who does the work.
     * @enum {string}
     */
    Mode: 'process' | 'tracked' | 'worker' | 'mirrored'
    /** @description `POST /tickets`. */
    NewTicket: {
      /** @description The only topics that the ticket opens; all that the caller may see when left out. */
      topics?: components['schemas']['Topic'][]
    }
    /** @description `POST /tokens`: a service makes a short token for a browser. */
    NewToken: {
      /**
       * Format: int32
       * @description 10 to 86,400; 900 unless told.
       */
      expiresIn?: number
      /** @description Among `jobs:read`, `jobs:submit`, `jobs:control`, `jobs:report`; read, submit and control unless told. */
      scopes?: string[]
      /** @description The user. */
      subject: string
    }
    /** @description A piece of a job's output. */
    OutputChunk: {
      at: string
      /** @description `stdout`, `stderr`, or the level of a log line: `debug`, `info`, `warn`, `error`. */
      stream: string
      /** @description Bytes that are not UTF-8 are replaced. */
      text: string
    }
    /** @description Bytes of output that were dropped because an attempt wrote more than is kept (the first 1 MB and the last 4 MB). */
    OutputGap: {
      /** Format: int64 */
      from: number
      /** Format: int64 */
      to: number
    }
    OutputLine: {
      /** @description `stdout`, `stderr`, `debug`, `info`, `warn`, `error`. `info` unless told. */
      stream?: string
      text: string
    }
    /** @description A range of a job's output. */
    OutputRange: {
      /** Format: int32 */
      attempt: number
      chunks: components['schemas']['OutputChunk'][]
      /** @description Whether the attempt is over and nothing will follow `next`. */
      ended: boolean
      gap?: components['schemas']['OutputGap']
      /**
       * Format: int64
       * @description Where to go on.
       */
      next: number
      /**
       * Format: int64
       * @description Byte offset of the first chunk.
       */
      offset: number
    }
    /** @description New values. What is left out stays; `null` clears. */
    PatchJob: {
      link?: string | null
      metadata?: unknown
      /** Format: int64 */
      priority?: number | null
      /** @description A new due time, while the job is scheduled, retrying or held. */
      runAt?: string | null
      /** @description Replaces all tags. */
      tags?: string[] | null
      title?: string | null
    }
    /**
     * @description How a running attempt is paused.
     * @enum {string}
     */
    Pause: 'cooperative' | 'freeze' | 'none'
    /** @description What a long poll answers. */
    PollAnswer: {
      frames: components['schemas']['ServerFrame'][]
      /** @description Give it back as `after`. */
      position: string
      /** @description The frames hold the whole state of a topic: replace yours. Its `live` frame, with `resumed` false, names which. */
      reset: boolean
    }
    /** @description `application/problem+json`. */
    Problem: {
      /** @description Stable; made for programs. */
      code: string
      /** @description What happened here and what to do about it. */
      detail: string
      /** @description The field of the request that is wrong. */
      field?: string
      /** @description For a refused verb: where the job stands, and what it may be asked. */
      job?: components['schemas']['ProblemJob']
      /**
       * Format: int64
       * @description The limit that was passed, in the unit that `detail` names.
       */
      limit?: number
      /**
       * Format: int32
       * @description The HTTP status.
       */
      status: number
      /** @description The same sentence for each problem of this code. */
      title: string
      /** @description `https://tidings.dev/problems/<code>`: names the kind of problem; nothing needs to be there. */
      type: string
    }
    ProblemJob: {
      /** Format: int64 */
      rev: number
      status?: components['schemas']['Status']
      verbs: components['schemas']['Verb'][]
    }
    /** @description How far the work is. */
    Progress: {
      /**
       * Format: int64
       * @description Items done, in the work's own unit.
       */
      current?: number
      /**
       * Format: int64
       * @description Items that failed.
       */
      failed?: number
      /** @description Cut at 500 bytes. */
      message?: string
      /**
       * Format: int64
       * @description Items that went well.
       */
      ok?: number
      /**
       * Format: double
       * @description 0 to 100.
       */
      percentage?: number
      /**
       * Format: int64
       * @description Items that were left out.
       */
      skipped?: number
      /**
       * Format: int64
       * @description Grows with each progress of this job. The server's; ignored in a report.
       */
      tick?: number
      /**
       * Format: int64
       * @description Items in all.
       */
      total?: number
    }
    /** @description Whether the server can serve. */
    Readiness: {
      /**
       * @description How the sources of mirrored jobs are: for administrators, or for all if `[access] metrics` is open. A source that is away does not keep
       *     the server from serving.
       */
      sources?: components['schemas']['SourceRecord'][]
      /** @description `ready`. */
      status: string
    }
    /** @description The answer to every report. */
    ReportAnswer: {
      /** @description Report again before then. Absent after the end. */
      leaseExpiresAt?: string
      /** Format: int64 */
      rev: number
      /** @description `running`, or `paused`, or the end that the report brought. */
      status: components['schemas']['Status']
      /** @description What is asked of the reporter now. */
      wish: components['schemas']['Wish']
    }
    /** @description `POST /jobs/{id}/complete`. */
    ReportComplete: {
      /** @description Last progress, put over what was told before. */
      progress?: components['schemas']['Progress']
      /** @description Any JSON value, at most 1 MB. */
      result?: unknown
    }
    /** @description `POST /jobs/{id}/fail`. */
    ReportFail: {
      error: components['schemas']['ReportedError']
      /** @description The attempt was cut short by a deploy: free, at most three times. */
      interrupted?: boolean
      progress?: components['schemas']['Progress']
      /** @description False: never again, whatever attempts are left. True unless told. */
      retry?: boolean
    }
    /** @description `POST /jobs/{id}/heartbeat`. */
    ReportHeartbeat: {
      /**
       * Format: int64
       * @description A new length of the lease, in milliseconds.
       */
      leaseMs?: number
    }
    /** @description `POST /jobs/{id}/output`: lines of a tracked job's own log. */
    ReportOutput: {
      chunks: components['schemas']['OutputLine'][]
    }
    /** @description `POST /jobs/{id}/progress`. All fields may be left out; what is left out stays as it was. */
    ReportProgress: components['schemas']['Progress'] & {
      /**
       * Format: int64
       * @description Number of the wish that was carried out: the job is paused, or goes on, or stopped.
       */
      acknowledge?: number
    }
    /** @description `POST /jobs/{id}/wait`. */
    ReportWait: {
      /** @description What it waits for: `input`, `child`, `timer`, `callback`, or the app's own word. */
      on: string
      /** @description RFC 3339. After it the job is `timed_out`. */
      until?: string
    }
    /** @description Why it failed, as a report says it. */
    ReportedError: {
      /** @description A stable word for the class of error; `error` unless told. */
      kind?: string
      /** @description A sentence for people. */
      message: string
    }
    /** @description `POST /jobs/{id}/rerun`. Without `input` the old one is copied. */
    Rerun: {
      input?: unknown
    }
    /**
     * @description What becomes of a job when its holder vanishes.
     * @enum {string}
     */
    Rescue: 'retry' | 'lost'
    /** @description Why a subscription began with a snapshot. */
    ResetReason: 'fresh' | 'epoch' | 'expired' | 'overflow' | (string & {})
    /** @description A frame from the server. Jobs in it are [`crate::record::JobSummary`]. */
    ServerFrame:
      | {
          epoch: string
          /** Format: int64 */
          heartbeatMs: number
          /** Format: int32 */
          protocol: number
          /** @enum {string} */
          type: 'hello'
        }
      | {
          expiresAt?: string
          principal: components['schemas']['FramePrincipal']
          /** @enum {string} */
          type: 'authenticated'
        }
      | {
          /** Format: int32 */
          id: number
          jobs: components['schemas']['JobSummary'][]
          more: boolean
          /** @enum {string} */
          type: 'snapshot'
        }
      | {
          /** Format: int32 */
          id: number
          /** @description Absent for topics without a place in the log: stats, tasks, output. */
          position?: string
          /** @description Why there was a snapshot: `fresh`, `epoch`, `expired`, `overflow`. */
          reason?: components['schemas']['ResetReason']
          resumed: boolean
          truncated: boolean
          /** @enum {string} */
          type: 'live'
        }
      | {
          job: components['schemas']['JobSummary']
          kind: components['schemas']['EventKind']
          position: string
          subs: number[]
          /** @enum {string} */
          type: 'update'
        }
      | {
          id: string
          /** @description `deleted`, or absent when it only ceased to match. */
          kind?: components['schemas']['DeletedKind']
          position: string
          /** Format: int64 */
          rev: number
          subs: number[]
          /** @enum {string} */
          type: 'left'
        }
      | {
          id: string
          progress: components['schemas']['Progress']
          /** Format: int64 */
          rev: number
          subs: number[]
          /** Format: int64 */
          tick: number
          /** @enum {string} */
          type: 'progress'
        }
      | {
          /** Format: int32 */
          attempt: number
          chunks: components['schemas']['OutputChunk'][]
          gap?: components['schemas']['OutputGap']
          id: string
          /** Format: int64 */
          next: number
          /** Format: int64 */
          offset: number
          subs: number[]
          /** @enum {string} */
          type: 'output'
        }
      | {
          stats: components['schemas']['Stats']
          subs: number[]
          /** @enum {string} */
          type: 'stats'
        }
      | {
          subs: number[]
          tasks: components['schemas']['TaskRecord'][]
          /** @enum {string} */
          type: 'tasks'
        }
      | {
          position: string
          /** @enum {string} */
          type: 'heartbeat'
        }
      | {
          /** Format: int64 */
          retryInMs: number
          /** @enum {string} */
          type: 'goingAway'
        }
      | {
          code: string
          /** Format: int32 */
          id?: number
          message: string
          /** @enum {string} */
          type: 'error'
        }
      | {
          /** Format: int32 */
          id: number
          /** @enum {string} */
          type: 'unsubscribed'
        }
      | {
          /** @enum {string} */
          type: 'pong'
        }
    /** @description What a source counted since the server started. */
    SourceCounts: {
      /**
       * Format: int64
       * @description Committed events that were not looked at yet for what is to go out.
       */
      behind: number
      /**
       * Format: int64
       * @description Of these, dropped because too many waited.
       */
      dropped: number
      /**
       * Format: int64
       * @description Of these, the server's own, or about jobs that run here.
       */
      passedOver: number
      /**
       * Format: int64
       * @description Messages that went out.
       */
      published: number
      /**
       * Format: int64
       * @description Messages that came in.
       */
      received: number
      /**
       * Format: int64
       * @description Of these, not understood, or about something that cannot be.
       */
      refused: number
      /**
       * Format: int64
       * @description Of these, put down to their job.
       */
      taken: number
      /**
       * Format: int64
       * @description Of these, waiting to be looked at now.
       */
      waiting: number
    }
    /** @description How a source is. */
    SourceRecord: components['schemas']['SourceCounts'] & {
      connected: boolean
      name: string
      /** @description What is wrong. */
      problem?: string
      /** @description Since when it is, or is not. */
      since?: string
    }
    /** @description Counts by status; every status is there, and they add up. */
    Stats: {
      /** Format: int64 */
      active: number
      byStatus: {
        [key: string]: number
      }
      /** Format: int64 */
      total: number
    }
    /** @description Where a job stands. Treat a word you do not know as active, and show it. */
    Status:
      | 'scheduled'
      | 'pending'
      | 'running'
      | 'paused'
      | 'waiting'
      | 'retrying'
      | 'completed'
      | 'failed'
      | 'aborted'
      | 'timed_out'
      | 'lost'
      | (string & {})
    /** @description What a job is about. */
    Subject: {
      /** @description Its id in the app. */
      id: string
      /** @description A word of the app, for example `document`. */
      type: string
    }
    /** @description A job to be made. */
    Submit: {
      batchId?: string
      externalId?: string
      /** @description Any JSON value, at most 1 MB. */
      input?: unknown
      /**
       * Format: int64
       * @description For a tracked job: how long it may be silent before it is `lost`, in milliseconds (1,000 to 3,600,000). 30,000 unless told.
       */
      leaseMs?: number
      /** @description Where the app shows the result: an http or https URL, or a path. */
      link?: string
      /** @description Any JSON value, at most 16 KB. */
      metadata?: unknown
      /** @description `tracked`: the caller does the work and reports; the answer brings its lease. Left out: as the task says. */
      mode?: components['schemas']['SubmitMode']
      /** @description Whose job it is. Only a service may name another than itself. */
      owner?: string
      parentId?: string
      /** @description For a tracked job whose task is not declared: `cooperative` (unless told) or `none`. */
      pause?: components['schemas']['SubmitPause']
      /**
       * Format: int64
       * @description −100 to 100; higher starts first. 0 unless told.
       */
      priority?: number
      /** @description RFC 3339. Not before then; now when left out. */
      runAt?: string
      /** @description The page or wizard it was started from: any text of the app's. */
      session?: string
      subject?: components['schemas']['Subject']
      /** @description At most 50, of at most 100 bytes each. */
      tags?: string[]
      /** @description A task that `GET /tasks` lists, or, with `mode: "tracked"`, any name. */
      task: string
      title?: string
    }
    /** @description Several jobs, all or none. */
    SubmitBatch: {
      /** @description 1 to 1,000. */
      jobs: components['schemas']['Submit'][]
    }
    /**
     * @description The only mode that a submit may name.
     * @enum {string}
     */
    SubmitMode: 'tracked'
    /**
     * @description How a tracked job whose task is not declared can be paused.
     * @enum {string}
     */
    SubmitPause: 'cooperative' | 'none'
    TaskList: {
      tasks: components['schemas']['TaskRecord'][]
    }
    /** @description A task that can be started. */
    TaskRecord: {
      /**
       * Format: int32
       * @description How many of it run at once.
       */
      concurrency: number
      description?: string
      /** @description An input to start with. */
      example?: unknown
      /** @description JSON Schema of the input, for types and forms: no input is refused by it. Not in the live topic `tasks`. */
      inputSchema?: unknown
      mode: components['schemas']['Mode']
      name: string
      /** @description JSON Schema of the result. Not in the live topic `tasks`. */
      outputSchema?: unknown
      pause: components['schemas']['Pause']
      /** Format: int64 */
      pending: number
      /**
       * Format: int64
       * @description How many of the caller's own run and wait now.
       */
      running: number
      title?: string
    }
    /** @description A single-use ticket for a browser's `EventSource`. */
    Ticket: {
      expiresAt: string
      /** @description Goes into the query as `ticket`. Good once, for half a minute, from the same origin. */
      ticket: string
    }
    Token: {
      expiresAt: string
      token: string
    }
    /** @description What a watcher follows: an object with one key. */
    Topic:
      | {
          /** @description This job. */
          job: string
        }
      | {
          /** @description The jobs of this user; `me` is the caller. */
          owner: string
        }
      | {
          /** @description The jobs that were started from this session. */
          session: string
        }
      | {
          /** @description The jobs that are about this. */
          subject: components['schemas']['Subject']
        }
      | {
          /** @description The jobs that run this task. */
          task: string
        }
      | {
          /** @description The jobs that carry this tag now. */
          tag: string
        }
      | {
          /** @description The jobs that were submitted in this batch. */
          batch: string
        }
      | {
          /** @description This job and all that descend from it. */
          root: string
        }
      | {
          /** @description All jobs that the caller may see in its tenant. */
          tenant: components['schemas']['Yes']
        }
      | {
          /** @description Counts of what the caller may see; no jobs. */
          stats: components['schemas']['Yes']
        }
      | {
          /** @description The output of this job; no jobs. */
          output: string
        }
      | {
          /** @description The tasks that can be started; no jobs. */
          tasks: components['schemas']['Yes']
        }
    /**
     * @description What may be asked of a job.
     * @enum {string}
     */
    Verb: 'pause' | 'resume' | 'abort' | 'kill' | 'retry' | 'run-now' | 'rerun' | 'answer' | 'delete'
    /** @description What somebody asked of an attempt. */
    Wish: {
      /** @description When it was asked. */
      at?: string
      /** @description Who asked; absent when a time limit did. */
      by?: string
      /** @description What was asked. */
      kind: components['schemas']['WishKind']
      /**
       * Format: int64
       * @description Grows with each wish of this job; an acknowledgement names it.
       */
      number: number
    }
    /**
     * @description What somebody asked of an attempt.
     * @enum {string}
     */
    WishKind: 'none' | 'pause' | 'resume' | 'abort' | 'kill'
    /** @enum {boolean} */
    Yes: true
  }
  responses: never
  parameters: never
  requestBodies: never
  headers: never
  pathItems: never
}
export type $defs = Record<string, never>
export interface operations {
  claimJobs: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Claim']
      }
    }
    responses: {
      /** @description None, one or several jobs */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ClaimedJobs']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listJobs: {
    parameters: {
      query?: {
        /** @description Statuses, separated by commas; may be repeated. `active` and `ended` stand for their groups */
        status?: string
        /** @description Name of the task */
        task?: string
        /** @description A user, or `me` */
        owner?: string
        /** @description Session it was started from */
        session?: string
        /** @description With `subjectId`: what it is about */
        subjectType?: string
        /** @description With `subjectType` */
        subjectId?: string
        /** @description A tag it carries */
        tag?: string
        /** @description Batch it was submitted in */
        batch?: string
        /** @description Job that it descends from, itself included */
        root?: string
        /** @description Its name elsewhere */
        externalId?: string
        /** @description RFC 3339 */
        createdAfter?: string
        /** @description RFC 3339 */
        createdBefore?: string
        /** @description In title, task, tags or the beginning of the id; case does not matter */
        text?: string
        /** @description 1 to 200 jobs a page; 50 unless told */
        limit?: number
        /** @description From the page before */
        cursor?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A page */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobPage']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  submitJob: {
    parameters: {
      query?: never
      header?: {
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
        /** @description `wait=N`, `respond-async` */
        Prefer?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Submit']
      }
    }
    responses: {
      /** @description Made by the same request before */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Made */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Made, and not over yet */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  actOnJobs: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['Action']
      }
    }
    responses: {
      /** @description What became of each */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ActionResult']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  submitBatch: {
    parameters: {
      query?: never
      header?: {
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['SubmitBatch']
      }
    }
    responses: {
      /** @description Made by the same request before */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BatchMade']
        }
      }
      /** @description Made */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['BatchMade']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  readJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you hold */
        'If-None-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The job */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description It is as you know it */
      304: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  deleteJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Gone */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  patchJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['PatchJob']
      }
    }
    responses: {
      /** @description The job as it is now */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  abortJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It is as asked */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description It was asked; the wish stands in the job */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  answerJob: {
    parameters: {
      query?: never
      header?: {
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['AnswerJob']
      }
    }
    responses: {
      /** @description It goes on */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listAttempts: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Its attempts */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['AttemptList']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  reportComplete: {
    parameters: {
      query?: never
      header: {
        /** @description The lease's token */
        'Tidings-Lease': string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['ReportComplete']
      }
    }
    responses: {
      /** @description Heard */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ReportAnswer']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listEvents: {
    parameters: {
      query?: {
        /** @description Only events after this revision */
        afterRev?: number
      }
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Its events */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['EventList']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  reportFail: {
    parameters: {
      query?: never
      header: {
        /** @description The lease's token */
        'Tidings-Lease': string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ReportFail']
      }
    }
    responses: {
      /** @description Heard */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ReportAnswer']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  reportHeartbeat: {
    parameters: {
      query?: never
      header: {
        /** @description The lease's token */
        'Tidings-Lease': string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['ReportHeartbeat']
      }
    }
    responses: {
      /** @description Heard */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ReportAnswer']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  killJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It is as asked */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description It was asked; the wish stands in the job */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  liveJob: {
    parameters: {
      query?: {
        /** @description Position to resume from */
        after?: string
        /** @description From `POST /tickets`, for a browser's `EventSource` */
        ticket?: string
      }
      header?: {
        /** @description Position to resume from; wins over `after` */
        'Last-Event-ID'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Events */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/event-stream': string
        }
      }
      /** @description It ended and was sent: nothing will come */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  readOutput: {
    parameters: {
      query?: {
        /** @description The newest unless told */
        attempt?: number
        /** @description Byte to begin at; 0 unless told */
        offset?: number
        /** @description Bytes, about; at most 1 MB */
        limit?: number
        /** @description Seconds to wait for output when there is none yet, at most 55 */
        follow?: number
      }
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description A range */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['OutputRange']
          'text/plain': string
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  reportOutput: {
    parameters: {
      query?: never
      header: {
        /** @description The lease's token */
        'Tidings-Lease': string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ReportOutput']
      }
    }
    responses: {
      /** @description Heard */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ReportAnswer']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  pauseJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It is as asked */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description It was asked; the wish stands in the job */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  reportProgress: {
    parameters: {
      query?: never
      header: {
        /** @description The lease's token */
        'Tidings-Lease': string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ReportProgress']
      }
    }
    responses: {
      /** @description Heard */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ReportAnswer']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  rerunJob: {
    parameters: {
      query?: never
      header?: {
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
        /** @description `wait=N`, `respond-async` */
        Prefer?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['Rerun']
      }
    }
    responses: {
      /** @description Made by the same request before */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description The new job */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Made, and not over yet */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  resumeJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It is as asked */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description It was asked; the wish stands in the job */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  retryJob: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It is as asked */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description It was asked; the wish stands in the job */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  runJobNow: {
    parameters: {
      query?: never
      header?: {
        /** @description ETag of what you decided on */
        'If-Match'?: string
        /** @description 1 to 255 bytes; kept for 24 h */
        'Idempotency-Key'?: string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It is as asked */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description It was asked; the wish stands in the job */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['JobRecord']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  reportWait: {
    parameters: {
      query?: never
      header: {
        /** @description The lease's token */
        'Tidings-Lease': string
      }
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['ReportWait']
      }
    }
    responses: {
      /** @description Heard */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['ReportAnswer']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  live: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Upgraded */
      101: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  liveEvents: {
    parameters: {
      query: {
        /** @description A topic as JSON; 1 to 20 times */
        topic: string[]
        /** @description Position to resume from. Once: for all topics. As often as `topic`: for each in order, empty where one begins anew; for an output topic it is `attempt:offset` */
        after?: string[]
        /** @description Where output topics without an `after` of their own go on: attempt:offset */
        outputAfter?: string
        /** @description From `POST /tickets`, for a browser's `EventSource` */
        ticket?: string
      }
      header?: {
        /** @description Position to resume from; wins over `after` */
        'Last-Event-ID'?: string
      }
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Events */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/event-stream': string
        }
      }
      /** @description All topics are jobs that ended and were sent: nothing will come */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  livePoll: {
    parameters: {
      query: {
        /** @description A topic as JSON; 1 to 20 times */
        topic: string[]
        /** @description Position of the answer before. Once: for all topics. As often as `topic`: for each in order, empty where one begins anew; for an output topic it is `attempt:offset` */
        after?: string[]
        /** @description Where output topics without an `after` of their own go on: attempt:offset */
        outputAfter?: string
        /** @description Seconds to wait for something, at most 55; 25 unless told */
        wait?: number
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description What happened */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['PollAnswer']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  readMe: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description The caller */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Me']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  readStats: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Counts */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Stats']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  listTasks: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Tasks */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['TaskList']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  makeTicket: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: {
      content: {
        'application/json': components['schemas']['NewTicket']
      }
    }
    responses: {
      /** @description A ticket */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Ticket']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  makeToken: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        'application/json': components['schemas']['NewToken']
      }
    }
    responses: {
      /** @description A token */
      201: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Token']
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  readHealth: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It lives */
      200: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
    }
  }
  readMetrics: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Prometheus text */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/plain': string
        }
      }
      /** @description Refused */
      default: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
  readReadiness: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description It can */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/json': components['schemas']['Readiness']
        }
      }
      /** @description It cannot */
      503: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'application/problem+json': components['schemas']['Problem']
        }
      }
    }
  }
}
