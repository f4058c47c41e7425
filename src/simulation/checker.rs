//! The invariants: what may never be, whatever happens.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::faults::{Fault, FaultKind, Kind};
use super::ledger::{Call, Ledger, Outcome, Rejection, What};
use super::plan::{Course, Ending, HandlePlan, Plan};
use super::stage::Shared;
use super::worlds::{Provider, Resource, World};

/// What a scenario has come to.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Invariants that were broken.
    pub(super) broken: Vec<String>,
    /// What is possible by design, counted apart.
    pub(super) by_design: Vec<&'static str>,
}

/// What the checker looks at.
struct Checker<'a> {
    plan: &'a Plan,
    provider: &'static Provider,
    world: &'a World,
    calls: &'a [Call],
    /// The processes that have died.
    dead: &'a [bool],
    verdict: RefCell<Verdict>,
}

/// Judges a scenario when nothing happens any more.
pub(super) fn judge(plan: &Plan, provider: &'static Provider, shared: &Shared, dead: &[bool]) -> Verdict {
    let checker = Checker {
        plan,
        provider,
        world: &shared.world,
        calls: &shared.ledger.calls,
        dead,
        verdict: RefCell::new(Verdict {
            broken: shared.broken.clone(),
            by_design: Vec::new(),
        }),
    };
    checker.check_settled();
    checker.check_foreign();
    checker.check_resources();
    checker.check_held();
    checker.check_destroyed();
    checker.check_rejections();
    checker.check_denials();
    checker.check_fresh();
    checker.check_late_effects();
    checker.check_cleanups();
    checker.check_listings();
    checker.check_created();
    checker.check_healthy();
    checker.verdict.into_inner()
}

impl Checker<'_> {
    fn broken(&self, what: String) {
        self.verdict.borrow_mut().broken.push(what);
    }

    fn by_design(&self, why: &'static str) {
        self.verdict.borrow_mut().by_design.push(why);
    }

    /// Every call settles, within its documented bound.
    fn check_settled(&self) {
        for (number, call) in self.calls.iter().enumerate() {
            let Some(told) = call.told else {
                self.broken(format!("call {number} never settles"));
                continue;
            };
            let took = told - call.began;
            let bound = self.bound(call);
            if took > bound {
                self.broken(format!("call {number} took {took} ms; {bound} ms are documented"));
            }
            let is_denied = !matches!(call.outcome, Outcome::Created(_)) && !self.has_failed_to_start(call);
            if is_denied && self.is_prompt(call) && self.hides_effect() {
                self.broken(format!("call {number} believes a refusal that hides an effect"));
            }
            if self.is_prompt(call) && took > 25_000 {
                if self.has_failed_to_start(call) {
                    self.by_design("waited for what its lost request may still make, after a start that failed");
                } else if self.has_steps() && self.plan.world.lag > 1_000 {
                    self.by_design("waited with its steps until reads showed what a lost request had made");
                } else {
                    self.broken(format!("call {number} met one fault and took {took} ms"));
                }
            }
        }
    }

    /// Returns how long a call may take, in milliseconds (docs/reliability.md).
    fn bound(&self, call: &Call) -> u64 {
        let semantics = self.provider.factory.semantics;
        let milliseconds = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap();
        let (lag, window) = (
            milliseconds(semantics.visibility_lag),
            milliseconds(semantics.absence_window),
        );
        match &call.what {
            What::Create { .. } => {
                // Creates of one name in one process follow each other.
                let others = self.calls.iter().filter(|other| other.process == call.process).count() as u64;
                let create = 40 * 60_000 + 210_000 * 4 + 120_000 + 300_000 + 300_000 + 2 * (window + lag);
                create * others.max(1)
            }
            What::Get { .. } | What::Destroy { .. } => 840_000 + lag + window + 60_000 + 10_000,
            What::List => 210_000 * 4,
        }
    }

    /// Returns whether a create met one fault, at a provider that is prompt otherwise.
    fn is_prompt(&self, call: &Call) -> bool {
        let What::Create {
            handle: HandlePlan::Random,
            plan: Some(number),
        } = &call.what
        else {
            return false;
        };
        let (world, create) = (&self.plan.world, &self.plan.creates[*number]);
        let process = &self.plan.processes[call.process];
        let is_alone = self.plan.faults.len() == 1 && self.plan.outages.is_empty();
        let is_simple = !create.waits && !create.settings && create.abort.is_none() && process.max_retries.is_none();
        let is_in_create = self.plan.faults.iter().all(|fault| {
            let operations = self.provider.operations.iter();
            operations
                .clone()
                .any(|(name, kind)| *name == fault.operation && *kind == Kind::Create)
        });
        call.faults == 1
            && is_in_create
            && is_alone
            && is_simple
            && world.latency <= 300
            && world.lag <= 3_000
            && world.rate.is_none()
            && world.renewal.is_none()
            && matches!(call.outcome, Outcome::Created(_) | Outcome::Rejected(_))
            && self
                .calls
                .iter()
                .filter(|call| matches!(call.what, What::Create { .. }))
                .count()
                == 1
    }

    /// Returns whether steps follow a create. They wait until reads show its resource.
    fn has_steps(&self) -> bool {
        self.provider.operations.iter().any(|(_, kind)| *kind == Kind::Step)
    }

    /// Returns whether the one fault is a refusal after the effect, which reads show at once.
    fn hides_effect(&self) -> bool {
        let is_refused = |fault: &Fault| matches!(fault.kind, FaultKind::Refused { effect: true, .. });
        self.plan.faults.iter().all(is_refused) && self.plan.world.lag == 0
    }

    /// Returns whether a create failed because what it started did: that is a second trouble besides the fault.
    fn has_failed_to_start(&self, call: &Call) -> bool {
        let is_told = matches!(&call.outcome, Outcome::Rejected(rejection) if rejection.code == "PROVISION_FAILED");
        is_told && self.plan.world.course == Course::Fails
    }

    /// What others have made stays as it is.
    fn check_foreign(&self) {
        for resource in self.world.resources.iter().filter(|resource| resource.is_foreign) {
            if resource.deleted.is_some() || resource.launched.is_none() || resource.launches > 0 {
                self.broken(format!(
                    "{} ({}) is another's, and was touched",
                    resource.id, resource.name
                ));
            }
        }
    }

    /// A caller holds each resource that lives, and of one create or key at most one lives.
    fn check_resources(&self) {
        let held = self.held();
        let live: Vec<&Resource> = self.live().collect();
        let mut by_group: BTreeMap<String, Vec<&Resource>> = BTreeMap::new();
        for resource in &live {
            by_group.entry(self.group_of(resource)).or_default().push(resource);
        }
        for resource in &live {
            if held.contains(resource.id.as_str()) || self.is_reported(resource) {
                continue;
            }
            let twins = by_group[&self.group_of(resource)].len();
            match self.excuse(resource) {
                Some(excuse) => self.by_design(excuse),
                // A key that was repeated since has found both, and of one create it leaves one.
                None if self.is_loosely_shared(&resource.id) && !self.was_repeated_since(resource) => {
                    self.by_design("two processes, one key, and a name that exists twice");
                }
                None if twins > 1 => self.broken(format!("doubled: {} ({})", resource.id, resource.name)),
                None => self.broken(format!("leaked: {} ({})", resource.id, resource.name)),
            }
        }
        for (group, resources) in by_group {
            let of_group: Vec<&&Resource> = resources
                .iter()
                .filter(|resource| held.contains(resource.id.as_str()))
                .collect();
            let is_excused = of_group.iter().any(|resource| self.is_loosely_shared(&resource.id));
            if of_group.len() > 1 && !self.may_meet(&of_group) && !is_excused {
                let ids: Vec<&str> = of_group.iter().map(|resource| resource.id.as_str()).collect();
                self.broken(format!("{group} was handed out as {}", ids.join(" and ")));
            }
        }
    }

    /// Returns the resources that live, of this package.
    fn live(&self) -> impl Iterator<Item = &Resource> {
        self.world
            .resources
            .iter()
            .filter(|resource| resource.deleted.is_none() && !resource.is_shell && !resource.is_foreign)
    }

    /// Returns the resource that was made last of those with an id: it may come again where it is a name.
    fn newest(&self, id: &str) -> Option<&Resource> {
        self.world.resources.iter().rev().find(|resource| resource.id == id)
    }

    /// Returns whether another create of the same handle was under way at the same time as this call.
    fn has_twin(&self, number: usize) -> bool {
        let call = &self.calls[number];
        let handle_of = |what: &What| match what {
            What::Create { handle, .. } => Some(*handle),
            _ => None,
        };
        let handle = handle_of(&call.what);
        self.calls.iter().enumerate().any(|(other, twin)| {
            other != number
                && handle_of(&twin.what) == handle
                && call.told.is_none_or(|told| twin.began <= told)
                && twin.told.is_none_or(|told| told >= call.began)
        })
    }

    /// Returns what belongs together: what was made with one key, or by one create.
    fn group_of(&self, resource: &Resource) -> String {
        match resource.call.map(|call| (&self.calls[call].what, call)) {
            Some((
                What::Create {
                    handle: handle @ HandlePlan::Key(_),
                    ..
                },
                _,
            )) => format!("{handle:?}"),
            Some((_, call)) => format!("call {call}"),
            None => resource.id.clone(),
        }
    }

    /// Returns whether several processes made creates with one key where a name exists twice.
    fn may_meet(&self, resources: &[&&Resource]) -> bool {
        let tokens: BTreeSet<&Option<String>> = resources.iter().map(|resource| &resource.token).collect();
        let processes: BTreeSet<usize> = resources.iter().map(|resource| resource.process).collect();
        let is_unseen = self.plan.world.lag > 0 || processes.len() > 1;
        !self.plan.world.names_are_unique && tokens.len() > 1 && is_unseen
    }

    /// Returns the ids that callers hold: handed out, and not destroyed since.
    fn held(&self) -> BTreeSet<&str> {
        let touched = self.touched();
        let created = self.calls.iter().filter_map(|call| match &call.outcome {
            Outcome::Created(id) => Some(id.as_str()),
            _ => None,
        });
        created
            .filter(|id| !touched.contains(id) || self.was_handed_out_again(id))
            .collect()
    }

    /// Returns whether an id was handed out again after it was destroyed, as a name may be.
    fn was_handed_out_again(&self, id: &str) -> bool {
        let destroyed = self
            .calls
            .iter()
            .filter(|call| call.what == What::Destroy { id: id.to_owned() });
        let Some(last) = destroyed.max_by_key(|call| call.began) else {
            return false;
        };
        let found = Outcome::Created(id.to_owned());
        let mut later = self
            .world
            .resources
            .iter()
            .filter(|resource| resource.id == id && resource.created > last.began);
        let was_handed_out = later.any(|resource| {
            let mut calls = self.calls.iter();
            calls.any(|call| call.outcome == found && call.told > Some(resource.created))
        });
        !self.provider.factory.semantics.ids_are_never_reused && was_handed_out
    }

    /// Returns the ids that a caller has asked to destroy.
    fn touched(&self) -> BTreeSet<&str> {
        let destroyed = self.calls.iter().filter_map(|call| match &call.what {
            What::Destroy { id } => Some(id.as_str()),
            _ => None,
        });
        destroyed.collect()
    }

    /// Returns whether a caller was told that this may be left.
    fn is_reported(&self, resource: &Resource) -> bool {
        self.rejections().any(|rejection| {
            let is_meant = rejection.instance_id.as_ref() == Some(&resource.id)
                || rejection.resource_name.as_ref() == Some(&resource.name);
            is_meant && rejection.tells_of_remains()
        })
    }

    fn rejections(&self) -> impl Iterator<Item = &Rejection> {
        self.calls.iter().filter_map(|call| match &call.outcome {
            Outcome::Rejected(rejection) => Some(rejection),
            _ => None,
        })
    }

    /// Returns why something may be left by design.
    fn excuse(&self, resource: &Resource) -> Option<&'static str> {
        let is_dead = self.dead.get(resource.process).copied().unwrap_or_default();
        if is_dead && !self.was_repeated_since(resource) {
            return Some("left by a process that died");
        }
        if self.was_destroyed_unseen(resource) {
            return Some("destroyed by another process before reads showed it");
        }
        if self.was_destroyed_elsewhere(resource) {
            return Some("made late after another process destroyed what has the same id");
        }
        if self.was_made_during_destroy(resource) {
            return Some("made while a destroy of the same id was under way");
        }
        if self.was_found_during_destroy(resource) {
            return Some("found with its key while a destroy of it was under way");
        }
        if self.may_meet_anything(resource) {
            return Some("two processes, one key, and a name that exists twice");
        }
        None
    }

    /// Returns whether a repeated key has found what the create of a resource made besides, and so had it removed.
    fn was_repeated_since(&self, resource: &Resource) -> bool {
        let auditor = self.plan.processes.len();
        let mut others = self
            .live()
            .filter(|other| other.token == resource.token && other.id != resource.id);
        resource.token.is_some()
            && others.any(|other| {
                let found = Outcome::Created(other.id.clone());
                self.calls
                    .iter()
                    .any(|call| call.process == auditor && call.outcome == found)
            })
    }

    /// Returns whether a process that did not make a resource destroyed it before reads showed it.
    fn was_destroyed_unseen(&self, resource: &Resource) -> bool {
        let id = &resource.id;
        let mut destroys = self
            .calls
            .iter()
            .filter(|call| call.what == What::Destroy { id: id.clone() });
        destroys.any(|call| self.is_unseen(call, resource))
    }

    /// Returns whether a destroy cannot know that an instance is there: another process has made it, and reads do not show it.
    fn is_unseen(&self, destroy: &Call, resource: &Resource) -> bool {
        let process = self.plan.processes.get(destroy.process);
        let is_fast = process.is_some_and(|process| process.clock_jump.is_some_and(|(_, seconds)| seconds > 0));
        let knows_young = self.provider.knows_young && !is_fast;
        !knows_young && !self.is_at_home(destroy, resource) && destroy.began < resource.visible
    }

    /// Returns whether another process destroyed what had the id of a resource, which a request made then that was lost before.
    fn was_destroyed_elsewhere(&self, resource: &Resource) -> bool {
        let may_come_again = !self.provider.factory.semantics.ids_are_never_reused;
        may_come_again
            && self.calls.iter().any(|call| {
                call.what
                    == What::Destroy {
                        id: resource.id.clone(),
                    }
                    && !self.is_at_home(call, resource)
                    && call.began < resource.created
            })
    }

    /// Returns whether a resource was made while a call destroyed an earlier one that had its id.
    fn was_made_during_destroy(&self, resource: &Resource) -> bool {
        let of_id = What::Destroy {
            id: resource.id.clone(),
        };
        let mut destroys = self.calls.iter().filter(|call| call.what == of_id);
        !self.provider.factory.semantics.ids_are_never_reused
            && destroys.any(|call| {
                let is_over = call.told.is_some_and(|told| told < resource.created);
                call.began <= resource.created && !is_over
            })
    }

    /// Returns whether a repeated key has found a resource while a destroy of it was under way, where its id is a name.
    fn was_found_during_destroy(&self, resource: &Resource) -> bool {
        let of_id = What::Destroy {
            id: resource.id.clone(),
        };
        let found = Outcome::Created(resource.id.clone());
        let mut destroys = self.calls.iter().filter(|call| call.what == of_id);
        !self.provider.factory.semantics.ids_are_never_reused
            && destroys.any(|destroy| {
                self.calls.iter().enumerate().any(|(number, create)| {
                    Some(number) != resource.call
                        && create.outcome == found
                        && create.told >= Some(destroy.began)
                        && destroy.told.is_none_or(|told| create.began <= told)
                })
            })
    }

    /// Returns whether a call knows what its process has made: a credential that was renewed makes another tenant.
    fn is_at_home(&self, call: &Call, resource: &Resource) -> bool {
        call.process == resource.process && self.plan.world.renewal.is_none()
    }

    fn may_meet_anything(&self, resource: &Resource) -> bool {
        let group = self.group_of(resource);
        let others: Vec<&Resource> = self.live().filter(|other| self.group_of(other) == group).collect();
        self.may_meet(&others.iter().collect::<Vec<_>>())
    }

    /// No caller holds what is not there, or what another create has made.
    fn check_held(&self) {
        let held: Vec<String> = self.held().into_iter().map(str::to_owned).collect();
        for id in held {
            match self.live().find(|resource| resource.id == id) {
                None if self.is_loosely_shared(&id) => {
                    self.by_design("two processes, one key, and a name that exists twice");
                }
                None if self.removed_by_its_maker(&id) => {
                    self.by_design("removed by the create that made it, and adopted by another");
                }
                None if self.was_removed_as_late(&id) => {
                    self.by_design("made late after a destroy, removed by its process, and adopted by another");
                }
                None if self.was_destroyed_again(&id) => {
                    self.by_design("made while a destroy of the same id was under way");
                }
                None if self.was_deleted_in_vain(&id) => {
                    self.by_design("deleted by a destroy that was rejected, and found while reads still showed it");
                }
                None if self.was_deleted_by_an_older_request(&id) => {
                    self.by_design("deleted by a request that hung while its id was made again");
                }
                None => self.broken(format!("phantom: {id} is held, and is not there")),
                Some(resource) if resource.launched.is_none() && self.was_destroyed_elsewhere(resource) => {
                    self.by_design("made late after another process destroyed what has the same id");
                }
                Some(resource) if resource.launched.is_none() => {
                    self.broken(format!("unfinished: {id} is held, and was never started"));
                }
                Some(_) => {}
            }
        }
        let mut holders: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (number, call) in self.calls.iter().enumerate() {
            if let (Outcome::Created(id), What::Create { handle, .. }) = (&call.outcome, &call.what) {
                let group = match handle {
                    HandlePlan::Key(_) => format!("{handle:?}"),
                    _ => format!("call {number}"),
                };
                holders.entry(id).or_default().insert(group);
            }
        }
        let names_are_ids = !self.provider.factory.semantics.ids_are_never_reused;
        for (id, groups) in holders {
            if groups.len() > 1 && !names_are_ids {
                self.broken(format!("{id} was handed to {groups:?}"));
            }
        }
    }

    /// Returns whether several processes made creates with the key of a resource where a name exists twice.
    fn is_loosely_shared(&self, id: &str) -> bool {
        let made = self.world.resources.iter().find(|resource| resource.id == id);
        let Some(call) = made.and_then(|resource| resource.call) else {
            return false;
        };
        let What::Create {
            handle: handle @ HandlePlan::Key(_),
            ..
        } = self.calls[call].what
        else {
            return false;
        };
        let of_key = |call: &&Call| matches!(call.what, What::Create { handle: other, .. } if other == handle);
        let processes: BTreeSet<usize> = self.calls.iter().filter(of_key).map(|call| call.process).collect();
        !self.plan.world.names_are_unique && (processes.len() > 1 || self.plan.world.renewal.is_some())
    }

    /// Returns whether the create that made a resource failed and removed it, although another create had adopted it.
    fn removed_by_its_maker(&self, id: &str) -> bool {
        let maker = self.newest(id);
        let Some(call) = maker.and_then(|resource| resource.call) else {
            return false;
        };
        let has_failed = matches!(
            self.calls[call].outcome,
            Outcome::Rejected(_) | Outcome::Aborted | Outcome::Dead
        );
        has_failed
            && matches!(
                self.calls[call].what,
                What::Create {
                    handle: HandlePlan::Key(_),
                    ..
                }
            )
    }

    /// Returns whether a destroy that had begun before a resource was made destroyed it, because it has the id of an earlier one.
    fn was_destroyed_again(&self, id: &str) -> bool {
        let newest = self.newest(id);
        let of_id = What::Destroy { id: id.to_owned() };
        newest.is_some_and(|resource| {
            let mut destroys = self.calls.iter().filter(|call| call.what == of_id);
            let deleted = destroys
                .any(|call| call.began <= resource.created && (call.told.is_none() || resource.deleted <= call.told));
            deleted && self.was_made_during_destroy(resource)
        })
    }

    /// Returns whether the deletion of a resource was sent before it was made, for another one with the same id.
    fn was_deleted_by_an_older_request(&self, id: &str) -> bool {
        let newest = self.newest(id);
        newest.is_some_and(|resource| resource.deleted.is_some() && resource.deletion_sent < resource.created)
    }

    /// Returns whether a destroy deleted a late resource and did not get to know it, so that a create found it in reads that were
    /// stale.
    fn was_deleted_in_vain(&self, id: &str) -> bool {
        let Some(late) = self.newest(id) else {
            return false;
        };
        let is_of_same_create = |id: &str| {
            let mut resources = self.world.resources.iter();
            late.call.is_some() && resources.any(|resource| resource.id == *id && resource.call == late.call)
        };
        let mut destroys = self
            .calls
            .iter()
            .filter(|call| matches!(call.outcome, Outcome::Rejected(_)));
        self.plan.world.stale > 0
            && destroys.any(|call| match &call.what {
                What::Destroy { id } => {
                    is_of_same_create(id) && late.deleted >= Some(call.began) && late.deleted <= call.told
                }
                _ => false,
            })
    }

    /// Returns whether a create made a resource after its first one had been deleted, so that its process removed it, although
    /// another process had found it by the key.
    fn was_removed_as_late(&self, id: &str) -> bool {
        let Some(late) = self.newest(id) else {
            return false;
        };
        let mut resources = self.world.resources.iter();
        let follows_another = resources.any(|first| {
            let is_before = first.deleted.is_some_and(|deleted| deleted <= late.created);
            first.call == late.call && first.request != late.request && is_before
        });
        let found = Outcome::Created(id.to_owned());
        let mut adopters = self
            .calls
            .iter()
            .filter(|call| call.outcome == found && call.told > Some(late.created));
        late.call.is_some() && follows_another && adopters.all(|call| !self.is_at_home(call, late))
    }

    /// What a caller was told to be destroyed is gone.
    fn check_destroyed(&self) {
        for (number, call) in self.calls.iter().enumerate() {
            let What::Destroy { id } = &call.what else {
                continue;
            };
            if call.outcome != Outcome::Done || self.was_handed_out_again(id) {
                continue;
            }
            let told = call.told.unwrap_or_default();
            let lives = self
                .live()
                .any(|resource| resource.id == *id && resource.created < told);
            let maker = self.live().find(|resource| resource.id == *id);
            // Where an id is a name, a later create may have found what has it, and told that it stays.
            let may_come_again = !self.provider.factory.semantics.ids_are_never_reused;
            let is_excused = maker.is_some_and(|maker| {
                self.was_destroyed_unseen(maker)
                    || self.was_destroyed_elsewhere(maker)
                    || self.was_made_during_destroy(maker)
                    || self.was_found_during_destroy(maker)
            });
            let is_reported = maker.is_some_and(|maker| may_come_again && self.is_reported(maker));
            // What its process was still to confirm is lost with it.
            if lives && self.dead[call.process] {
                self.by_design("left by a process that died");
            } else if lives && !is_excused && is_reported {
                self.by_design("destroyed, and found by a later create, which told that it stays");
            } else if lives && !is_excused {
                self.broken(format!("call {number} says that {id} is destroyed, and it is there"));
            }
        }
    }

    /// A caller who is told that a create failed is told what remains, if a lookup could have shown it.
    fn check_rejections(&self) {
        const LOOKUP: u64 = 3_000;
        for (number, call) in self.calls.iter().enumerate() {
            let (
                Outcome::Rejected(rejection),
                What::Create {
                    handle: HandlePlan::Random,
                    ..
                },
                Some(told),
            ) = (&call.outcome, &call.what, call.told)
            else {
                continue;
            };
            let left = self.world.resources.iter().find(|resource| {
                let is_there = resource.deleted.is_none_or(|deleted| deleted > told);
                resource.call == Some(number) && is_there && resource.visible + LOOKUP <= told
            });
            let Some(left) = left.filter(|_| !rejection.tells_of_remains()) else {
                continue;
            };
            let is_removed = left.deleted.is_some_and(|deleted| deleted <= told + LOOKUP);
            if is_removed && call.cleaned.contains(&left.id) {
                self.by_design("removed a moment after the error that told it, because a slow read had not shown it");
            } else {
                self.broken(format!(
                    "call {number} fails with {} and leaves {}",
                    rejection.code, left.id
                ));
            }
        }
    }

    /// A caller who is told that nothing was made, and after whom nobody looks, is told the truth.
    fn check_denials(&self) {
        for (number, call) in self.calls.iter().enumerate() {
            let (Outcome::Rejected(rejection), What::Create { handle, plan: Some(_) }) = (&call.outcome, &call.what)
            else {
                continue;
            };
            let is_denied = rejection.text.contains("nothing was made") && matches!(handle, HandlePlan::Key(_));
            let mut resources = self.world.resources.iter();
            let made = resources.find(|resource| {
                let was_there = resource.deleted.is_none() || resource.deleted > call.told;
                resource.call == Some(number) && was_there
            });
            if let Some(made) = made.filter(|_| is_denied) {
                self.broken(format!("call {number} says that nothing was made, and {} was", made.id));
            }
        }
    }

    /// A create hands out nothing that was gone long before.
    fn check_fresh(&self) {
        const LONGEST: u64 = 40_000;
        let world = &self.plan.world;
        let is_slow = world.rate.is_some() || world.latency > 1_500 || !self.plan.outages.is_empty();
        for (number, call) in self.calls.iter().enumerate() {
            let (Outcome::Created(id), What::Create { plan: Some(plan), .. }) = (&call.outcome, &call.what) else {
                continue;
            };
            let made = self.newest(id);
            let deleted = made.and_then(|resource| resource.deleted);
            let is_old = deleted.is_some_and(|deleted| call.told > Some(deleted + world.stale + LONGEST));
            if is_old && !is_slow && call.faults <= 1 && !self.plan.creates[*plan].waits {
                self.broken(format!("call {number} got {id}, which was gone long before"));
            }
        }
    }

    /// A destroy in the process of the create resolves only when no request of the create can take effect any more.
    fn check_late_effects(&self) {
        for (number, call) in self.calls.iter().enumerate() {
            let (What::Destroy { id }, Outcome::Done, Some(told)) = (&call.what, &call.outcome, call.told) else {
                continue;
            };
            let destroyed = self.world.resources.iter().find(|resource| resource.id == *id);
            let has_settled = |resource: &Resource| {
                let create = resource.call.map(|create| &self.calls[create]);
                create.is_some_and(|create| {
                    let was_handed_out = matches!(create.outcome, Outcome::Created(_));
                    was_handed_out && create.told.is_some_and(|told| told <= call.began)
                })
            };
            let Some(destroyed) = destroyed.filter(|resource| has_settled(resource) && self.is_at_home(call, resource))
            else {
                continue;
            };
            let mut resources = self.world.resources.iter();
            let late = resources.find(|resource| resource.call == destroyed.call && resource.created > told);
            let handed_out = Outcome::Created(id.clone());
            let is_kept = destroyed
                .call
                .is_some_and(|create| self.calls[create].outcome == handed_out);
            match late {
                Some(late) if is_kept => self.broken(format!(
                    "call {number} destroyed {id}, and {} was made by the same create later",
                    late.id
                )),
                Some(_) => self
                    .by_design("made late beside what its create holds, after a destroy of another of its resources"),
                None => {}
            }
        }
    }

    /// Every clean-up ends once, and what it says to be gone is gone.
    fn check_cleanups(&self) {
        for (number, call) in self.calls.iter().enumerate() {
            if call.open_cleanups != 0 && !self.dead[call.process] {
                self.broken(format!(
                    "call {number} has {} clean-ups without an end",
                    call.open_cleanups
                ));
            }
            for id in &call.cleaned {
                let is_there = self.provider.factory.semantics.ids_are_never_reused
                    && self.live().any(|resource| resource.id == *id);
                if is_there {
                    self.broken(format!("call {number} says that {id} is cleaned up, and it is there"));
                }
            }
        }
    }

    /// A listing at the end shows what lives, and nothing else.
    fn check_listings(&self) {
        let resources = self.world.resources.iter();
        let live = resources.filter(|resource| resource.deleted.is_none() && resource.is_listed());
        let live: BTreeSet<&str> = live.map(|resource| resource.id.as_str()).collect();
        let Some(Outcome::Listed(ids)) = self
            .calls
            .iter()
            .rev()
            .map(|call| &call.outcome)
            .find(|outcome| matches!(outcome, Outcome::Listed(_)))
        else {
            return;
        };
        let listed: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        if listed != live {
            self.broken(format!("the listing shows {listed:?}, and {live:?} live"));
        }
    }

    /// What is handed out is what was asked for, and no renewed credential stays unused.
    fn check_created(&self) {
        for (number, call) in self.calls.iter().enumerate() {
            if matches!(&call.outcome, Outcome::Rejected(rejection) if rejection.code == "UNAUTHENTICATED") {
                self.broken(format!("call {number} does not use the credential that was renewed"));
            }
            let (Outcome::Created(id), What::Create { plan: Some(plan), .. }) = (&call.outcome, &call.what) else {
                continue;
            };
            let destroys = self.calls.iter().filter(|other| {
                other.what == What::Destroy { id: id.clone() }
                    && other.outcome == Outcome::Done
                    && other.process == call.process
                    && other.told.is_some_and(|told| told <= call.began)
            });
            let is_remembered =
                self.provider.factory.semantics.ids_are_never_reused && self.plan.world.renewal.is_none();
            let made = self.world.resources.iter().find(|resource| resource.id == *id);
            let is_unseen = |destroy: &Call| made.is_some_and(|resource| self.is_unseen(destroy, resource));
            for destroy in destroys.filter(|_| is_remembered) {
                if is_unseen(destroy) {
                    self.by_design("destroyed by another process before reads showed it");
                } else {
                    self.broken(format!("call {number} got {id}, which its process had destroyed"));
                }
            }
            let create = &self.plan.creates[*plan];
            let told = call.told.unwrap_or_default();
            let resource = self
                .world
                .resources
                .iter()
                .rev()
                .find(|resource| resource.id == *id && resource.created <= told);
            let asked = if create.other_image {
                "computesdk/other:1"
            } else {
                "computesdk/compute:latest"
            };
            let shown = resource.and_then(|resource| resource.image.as_deref()).unwrap_or(asked);
            // A listing does not tell the image of an instance everywhere.
            let is_told = self.provider.takes_images && self.provider.tells_images;
            // Two processes may set up one empty service at the same time, and one whose credential is renewed is two.
            let processes: BTreeSet<usize> = self.plan.creates.iter().map(|create| create.process).collect();
            let is_one = processes.len() == 1 && !(self.plan.world.renewal.is_some() && self.has_twin(number));
            if is_told && shown != asked && !is_one {
                self.by_design("two processes, one key, and two images");
            } else if is_told && shown != asked {
                self.broken(format!("call {number} asked for {asked} and got {shown}"));
            }
            // A repeated call finds what an earlier one has started.
            if create.waits && self.plan.world.course != Course::Well && !self.provider.may_seem_ready {
                self.broken(format!("call {number} waited for {id}, which never runs, and got it"));
            }
        }
    }

    /// A healthy create succeeds, and costs as few requests as are documented.
    fn check_healthy(&self) {
        let [create] = &self.plan.creates[..] else {
            return;
        };
        let world = &self.plan.world;
        let is_simple = !create.waits && !create.settings && world.renewal.is_none() && create.abort.is_none();
        if !self.plan.is_calm()
            || !is_simple
            || world.rate.is_some()
            || world.lag > 0
            || world.token_lag > 0
            || world.latency > 300
        {
            return;
        }
        let Some(call) = self.calls.first() else {
            return;
        };
        let is_taken = matches!(create.handle, HandlePlan::Name(0)) && world.name_is_taken;
        let limit = (self.provider.healthy_create)(self.world) + u32::from(create.handle != HandlePlan::Random);
        match &call.outcome {
            Outcome::Created(_) if !is_taken => {}
            Outcome::Rejected(rejection) if is_taken && rejection.code == "ALREADY_EXISTS" => return,
            // A command that fails is a create that fails.
            Outcome::Rejected(rejection) if rejection.code == "PROVISION_FAILED" => return,
            outcome => self.broken(format!("a healthy create ends with {outcome:?}")),
        }
        if call.requests > limit && create.ending != (Ending::Look { after: u64::MAX }) {
            self.broken(format!(
                "a healthy create sent {} requests; {limit} are documented",
                call.requests
            ));
        }
    }
}

/// Returns the ids and calls that broken invariants name, for the story.
pub(super) fn subjects(broken: &[String], ledger: &Ledger) -> Vec<String> {
    let mut subjects = Vec::new();
    for word in broken.iter().flat_map(|line| line.split([' ', '(', ')', ',', '"'])) {
        if word.len() > 8 && word.contains(|character: char| character.is_ascii_digit() || character == '-') {
            subjects.push(word.to_owned());
        }
    }
    for (number, _) in ledger.calls.iter().enumerate() {
        if broken.iter().any(|line| line.contains(&format!("call {number}"))) {
            subjects.push(format!("call {number} "));
        }
    }
    subjects
}
