//! Exchanges as they were, for the test that plays them to the fake servers.

use serde_json::{Value, json};

use super::plan::{Course, Plan, WorldPlan};
use super::worlds::{Answer, Arrived};

/// A request and its answer.
pub(super) struct Exchange {
    method: String,
    target: String,
    body: String,
    status: u16,
    answer: String,
}

impl Exchange {
    /// Notes an exchange.
    pub(super) fn new(arrived: &Arrived, answer: &Answer) -> Self {
        Self {
            method: arrived.method.clone(),
            target: arrived.target.clone(),
            body: arrived.text.clone(),
            status: answer.status,
            answer: String::from_utf8_lossy(&answer.body).into_owned(),
        }
    }

    /// Returns it as JSON.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "method": self.method,
            "target": self.target,
            "body": self.body,
            "status": self.status,
            "answer": self.answer,
        })
    }
}

/// Returns a scenario whose world behaves as the fake servers do by themselves: without lag, with unique names, at one pace.
pub(super) fn plain(plan: Plan) -> Plan {
    // A project with one environment, or with two.
    let variant = [0, 3][usize::from(plan.seed % 2 == 1)];
    let world = WorldPlan {
        lag: 0,
        token_lag: 0,
        stale: 0,
        names_are_unique: true,
        rate: None,
        renewal: None,
        name_is_taken: false,
        // What is the provider's own choice is that of the fake server.
        variant,
        start: 0,
        course: Course::Well,
        ..plan.world
    };
    Plan { world, ..plan }
}
