//! How a WebSocket ends, in bands: 4000–4099 come again, 4100–4199 with another token, 4200–4299 give up.

use domain::named;

/// What a client does about a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    Done,
    Retry,
    RefreshToken,
    GiveUp,
}

named! {
    /// Why the server closes a connection. The word is the close reason.
    pub enum Close {
        Done = "done",
        GoingAway = "going_away",
        LogReplaced = "log_replaced",
        Overloaded = "overloaded",
        TooSlow = "too_slow",
        TokenExpired = "token_expired",
        IdentityChanged = "identity_changed",
        Unauthenticated = "unauthenticated",
        ForbiddenOrigin = "forbidden_origin",
        BadFrame = "bad_frame",
        TooManyConnections = "too_many_connections",
        AuthTimeout = "auth_timeout",
    }
}

impl Close {
    /// The WebSocket close code (RFC 6455 section 7.4: 4000–4999 are the application's).
    pub const fn code(self) -> u16 {
        match self {
            Close::Done => 1000,
            Close::GoingAway => 4000,
            Close::LogReplaced => 4001,
            Close::Overloaded => 4002,
            Close::TooSlow => 4003,
            Close::TokenExpired => 4100,
            Close::IdentityChanged => 4101,
            Close::Unauthenticated => 4200,
            Close::ForbiddenOrigin => 4201,
            Close::BadFrame => 4202,
            Close::TooManyConnections => 4203,
            Close::AuthTimeout => 4204,
        }
    }

    pub const fn band(self) -> Band {
        Band::of(self.code())
    }
}

impl Band {
    /// The band of any close code; what we do not know is worth another try.
    pub const fn of(code: u16) -> Band {
        match code {
            1000 => Band::Done,
            4100..=4199 => Band::RefreshToken,
            4200..=4299 => Band::GiveUp,
            _ => Band::Retry,
        }
    }
}
