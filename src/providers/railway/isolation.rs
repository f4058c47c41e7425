//! Whether services of the configured environment appear in the project's other environments.
//!
//! `serviceCreate` with an environment keeps the service out of all others only if that environment is a fork. Otherwise the
//! service appears in every environment that is not a fork, and with an image it starts there, at the user's cost
//! (docs/providers/railway.md).

use std::time::Duration;

use super::api::Railway;
use super::documents;
use super::list::{find_in_pages, no_environment};
use super::wire::{EnvironmentNode, EnvironmentsData};
use crate::context::CallContext;
use crate::error::{ErrorCode, Result};

/// How long the answer is trusted. An environment that is added within this time gets a copy of what is created meanwhile;
/// a minute keeps that unlikely and the extra requests few.
const LIFETIME: Duration = Duration::from_secs(60);

const FACT: &str = "isolation of the environment";

/// How the configured environment relates to the project's others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// The project has no other environment.
    Sole,
    /// A create stays in it, but it has forks or a parent, whose services are the same records.
    Confined,
    /// A create appears in others too.
    Shared,
}

impl Isolation {
    /// Returns whether a create in the environment reaches that one only.
    pub(super) fn confines_creates(self) -> bool {
        self != Self::Shared || mutated!(RailwayStartsEverywhere)
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

/// Returns whether creates in this environment stay in it. Cached for 60 s per credential.
pub(super) async fn fetch_isolation(railway: &Railway, context: &CallContext) -> Result<Isolation> {
    let (facts, scope) = (&railway.facts, &railway.scope);
    let cached = || facts.get(scope, FACT).and_then(Isolation::from_str);
    if let Some(isolation) = cached() {
        return Ok(isolation);
    }
    // Creates that begin together ask once.
    let _lock = facts.acquire(context, scope, FACT).await?;
    if let Some(isolation) = cached() {
        return Ok(isolation);
    }
    let isolation = match compare_environments(railway, context).await {
        // A project token may not see the project's environments: the worst is assumed.
        Err(error) if error.code() == ErrorCode::PermissionDenied => Isolation::Shared,
        other => other?,
    };
    facts.insert(scope, FACT, isolation.as_str(), LIFETIME);
    Ok(isolation)
}

async fn compare_environments(railway: &Railway, context: &CallContext) -> Result<Isolation> {
    let (mut found, mut others, mut shared) = (None, false, false);
    for node in fetch_environments(railway, context).await? {
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

/// Returns the project's environments that are not deleted.
pub(super) async fn fetch_environments(railway: &Railway, context: &CallContext) -> Result<Vec<EnvironmentNode>> {
    let mut environments = Vec::new();
    let connection = |data: EnvironmentsData| data.environments;
    let collect = |node: EnvironmentNode| {
        if node.deleted_at.is_none() {
            environments.push(node);
        }
        None::<()>
    };
    find_in_pages(railway, context, &documents::ENVIRONMENTS, connection, collect).await?;
    Ok(environments)
}
