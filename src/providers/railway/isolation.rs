//! How the configured environment stands among the project's others.
//!
//! Naming an environment in `serviceCreate` keeps the service out of all others only for a fork; otherwise the service
//! appears in every environment that is not a fork, and with an image it starts there, at the user's cost
//! (`reference/railway.md` §8.1).

use std::time::Duration;

use super::list::{PAGE_SIZE, next_cursor, no_environment};
use super::wire::{EnvironmentNode, EnvironmentsData, PageVariables};
use super::{Railway, documents};
use crate::context::Cx;
use crate::error::{ErrorCode, Result};
use crate::http::effect::Effect;
use crate::protocol::paging::Cursors;

/// How long the answer is trusted. An environment that is added within this time gets a copy of what is created
/// meanwhile; a minute keeps that unlikely and the extra requests few.
const LIFETIME: Duration = Duration::from_secs(60);

const FACT: &str = "isolation of the environment";

/// What a service of the configured environment shares with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// The project has no other environment.
    Sole,
    /// What is created in it stays in it, but it has forks or a parent beside it, whose services are the same records.
    Confined,
    /// What is created in it appears in others too.
    Shared,
}

impl Isolation {
    /// Whether a create in the environment reaches that one only.
    pub(super) fn confines_creates(self) -> bool {
        self != Self::Shared
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Sole => "sole",
            Self::Confined => "confined",
            Self::Shared => "shared",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        [Self::Sole, Self::Confined, Self::Shared]
            .into_iter()
            .find(|isolation| isolation.as_str() == text)
    }
}

/// How the environment stands; asked for once a minute.
pub(super) async fn of(railway: &Railway, cx: &Cx) -> Result<Isolation> {
    let memory = &cx.core.memory;
    if let Some(isolation) = memory.recall(&railway.scope, FACT).and_then(Isolation::from_str) {
        return Ok(isolation);
    }
    // Creates that begin together ask once.
    let _turn = memory.turn(cx, &railway.scope, FACT).await?;
    if let Some(isolation) = memory.recall(&railway.scope, FACT).and_then(Isolation::from_str) {
        return Ok(isolation);
    }
    let isolation = match ask(railway, cx).await {
        // A project token may not see the project's environments; assume the worst then.
        Err(error) if error.code() == ErrorCode::PermissionDenied => Isolation::Shared,
        other => other?,
    };
    memory.learn(&railway.scope, FACT, isolation.as_str(), LIFETIME);
    Ok(isolation)
}

async fn ask(railway: &Railway, cx: &Cx) -> Result<Isolation> {
    let (mut found, mut others, mut shared) = (None, false, false);
    for node in environments(railway, cx).await? {
        let fork = node.source_environment.is_some();
        if node.id == railway.environment_id {
            found = Some(fork);
        } else {
            others = true;
            shared |= !fork;
        }
    }
    match found {
        None => Err(no_environment()),
        Some(false) if !others => Ok(Isolation::Sole),
        Some(false) if shared => Ok(Isolation::Shared),
        Some(_) => Ok(Isolation::Confined),
    }
}

/// The project's environments that are not deleted.
pub(super) async fn environments(railway: &Railway, cx: &Cx) -> Result<Vec<EnvironmentNode>> {
    let mut environments = Vec::new();
    let mut cursors = Cursors::default();
    loop {
        let variables = PageVariables {
            project_id: &railway.project_id,
            environment_id: None,
            first: PAGE_SIZE,
            after: cursors.current(),
        };
        let data: EnvironmentsData = railway
            .execute(cx, Effect::Idempotent, &documents::ENVIRONMENTS, variables)
            .await?;
        let next = next_cursor(&data.environments)?;
        let nodes = data.environments.edges.into_iter().map(|edge| edge.node);
        environments.extend(nodes.filter(|node| node.deleted_at.is_none()));
        if !cursors.follow(next)? {
            return Ok(environments);
        }
    }
}
