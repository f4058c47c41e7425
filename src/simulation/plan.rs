//! What a scenario is going to do, drawn from its seed before anything happens. All of it is a list of events, so that a
//! scenario that fails can be shrunk by leaving events out.

use super::dice::Dice;
use super::faults::{self, Fault, FaultKind, Kind, Limits};
use super::worlds::Provider;

/// A scenario.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) world: WorldPlan,
    pub(super) processes: Vec<ProcessPlan>,
    pub(super) creates: Vec<CreatePlan>,
    pub(super) faults: Vec<Fault>,
    pub(super) outages: Vec<Outage>,
}

/// How the provider behaves, faults aside. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WorldPlan {
    /// The longest time for which reads do not show what was created.
    pub(super) lag: u64,
    /// The same for its ownership token.
    pub(super) token_lag: u64,
    /// How long reads still show what was deleted, and whether they show it as deleted.
    pub(super) stale: u64,
    pub(super) shows_deletion: bool,
    /// Whether a name exists once, where the provider leaves that open.
    pub(super) names_are_unique: bool,
    /// The longest a request and its response are on their way.
    pub(super) latency: u64,
    /// How many requests a minute pass.
    pub(super) rate: Option<u32>,
    /// When credentials expire that were renewed by then.
    pub(super) renewal: Option<u64>,
    pub(super) course: Course,
    /// What a start takes.
    pub(super) start: u64,
    /// A choice that is the provider's own, such as how it refuses a second deletion.
    pub(super) variant: u64,
    /// Whether a caller's name belongs to somebody else already.
    pub(super) name_is_taken: bool,
}

/// What becomes of what is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Well,
    Fails,
    NeverReady,
}

/// A process, and the credential that it has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProcessPlan {
    pub(super) credential: usize,
    pub(super) death: Option<Death>,
    /// At which moment its date jumps, and by how many seconds.
    pub(super) clock_jump: Option<(u64, i64)>,
    pub(super) request_timeout: Option<u32>,
    pub(super) max_retries: Option<u32>,
    pub(super) owner: Option<&'static str>,
}

/// When a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    At(u64),
    /// As its nth request is sent; if `arrives`, that one still reaches the provider.
    AtRequest {
        nth: u32,
        arrives: bool,
    },
}

/// A create, and what its caller does then.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CreatePlan {
    pub(super) at: u64,
    pub(super) process: usize,
    pub(super) handle: HandlePlan,
    pub(super) waits: bool,
    pub(super) ready_timeout: u32,
    /// Whether it asks for settings that take further requests.
    pub(super) settings: bool,
    pub(super) other_image: bool,
    pub(super) abort: Option<Abort>,
    pub(super) ending: Ending,
}

/// Where the handle comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HandlePlan {
    Random,
    Key(u8),
    Name(u8),
}

/// When a caller cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abort {
    AtRequest(u32),
    After(u64),
}

/// What a caller does with what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Keep,
    Look {
        after: u64,
    },
    Destroy {
        after: u64,
        by: usize,
    },
    /// Two calls destroy it at once.
    DestroyTwice {
        after: u64,
    },
    /// Destroyed, and the same key again at once.
    Renew {
        after: u64,
    },
    /// The same key again.
    Repeat {
        after: u64,
        by: usize,
    },
}

/// A time in which nothing reaches the provider, or nothing comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) at: u64,
    pub(super) lasts: u64,
    pub(super) kind: FaultKind,
}

const OWNERS: [Option<&str>; 2] = [None, Some("prod-eu")];

impl Plan {
    /// Draws a scenario.
    pub(super) fn draw(seed: u64, provider: &'static Provider) -> Self {
        let dice = &mut Dice::new(seed, "plan");
        let semantics = provider.factory.semantics;
        let milliseconds = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap();
        let visible = milliseconds(semantics.visibility_lag);
        let is_calm = dice.percent(6);
        let world = draw_world(dice, provider, visible, is_calm);
        let owner = OWNERS[usize::from(dice.percent(30))];
        let request_timeout = dice.percent(20).then_some(20_000);
        let max_retries = dice.percent(15).then(|| u32::try_from(dice.below(3)).unwrap());
        let count = dice.weighted(&[(5, 1), (4, 2), (1, 3)]);
        let processes = (0..count)
            .map(|number| ProcessPlan {
                credential: if dice.percent(50) { 0 } else { number },
                death: (!is_calm && dice.percent(15)).then(|| draw_death(dice)),
                clock_jump: dice
                    .percent(10)
                    .then(|| (dice.between(0, 60_000), dice.pick(&[-7_200, -90, 45, 3_600]))),
                request_timeout,
                max_retries,
                owner,
            })
            .collect::<Vec<_>>();
        let creates = draw_creates(dice, provider, processes.len() as u64, is_calm);
        let limits = Limits {
            timeout: u64::from(request_timeout.unwrap_or(30_000)),
            latest: milliseconds(semantics.absence_window) - 2_000,
        };
        let faults = if is_calm {
            Vec::new()
        } else {
            draw_faults(dice, provider, limits, &world)
        };
        let outages = if is_calm || !dice.percent(12) {
            Vec::new()
        } else {
            vec![Outage {
                at: dice.between(0, 90_000),
                lasts: dice.between(2_000, 40_000),
                kind: dice.pick(&[
                    FaultKind::NotConnected,
                    FaultKind::ResetBefore,
                    FaultKind::ResetAfter,
                    FaultKind::Status {
                        status: 503,
                        html: false,
                        effect: false,
                    },
                ]),
            }]
        };
        let mut plan = Self {
            seed,
            world,
            processes,
            creates,
            faults,
            outages,
        };
        if !is_calm {
            match dice.below(100) {
                0..=4 => plan.measure(dice),
                5..=12 => plan.double(dice),
                13..=15 => plan.repeat_soon(dice, provider, visible),
                16..=19 => plan.repeat_late(dice, provider, limits),
                20..=22 => plan.lose(dice, provider, limits, visible),
                23..=24 => plan.cross(dice, provider, limits),
                25..=26 => plan.share(dice, provider),
                _ => {}
            }
        }
        plan
    }

    /// Makes it the scenario of one create that meets one fault, whose time is measured.
    fn measure(&mut self, dice: &mut Dice) {
        self.creates.truncate(1);
        self.outages.clear();
        self.processes.truncate(1);
        let process = &mut self.processes[0];
        (process.death, process.max_retries, process.request_timeout) = (None, None, None);
        let create = &mut self.creates[0];
        (create.process, create.handle, create.abort) = (0, HandlePlan::Random, None);
        (create.waits, create.settings, create.ending) = (false, false, Ending::Keep);
        let world = &mut self.world;
        (world.rate, world.renewal, world.latency) = (None, None, 300);
        world.lag = dice.between(0, 3_000).min(world.lag);
        self.faults.retain(|fault| fault.nth == 1);
        self.faults.truncate(1);
    }

    /// Has two callers create with one key or name at once.
    fn double(&mut self, dice: &mut Dice) {
        let handle = dice.pick(&[HandlePlan::Key(0), HandlePlan::Key(0), HandlePlan::Name(1)]);
        let mut twin = self.creates[0].clone();
        twin.at += dice.below(800);
        if dice.percent(30) {
            twin.process = usize::try_from(dice.below(self.processes.len() as u64)).unwrap();
        }
        for create in [&mut twin, &mut self.creates[0]] {
            (create.handle, create.other_image) = (handle, false);
            if handle == HandlePlan::Name(1) {
                create.ending = Ending::Keep;
            }
        }
        twin.other_image = dice.percent(25);
        self.creates.insert(1, twin);
    }

    /// Leaves one process, and one caller with a key that loses its request as `kind` says.
    fn begin_with_loss(&mut self, provider: &Provider, kind: FaultKind) {
        self.creates.truncate(1);
        self.processes.truncate(1);
        self.outages.clear();
        (self.processes[0].death, self.world.renewal, self.world.rate) = (None, None, None);
        let create = &mut self.creates[0];
        (create.at, create.process, create.handle) = (0, 0, HandlePlan::Key(0));
        (create.abort, create.settings, create.other_image, create.waits) = (None, false, false, false);
        create.ending = Ending::Keep;
        self.faults = create_fault(provider, 1, kind).into_iter().collect();
    }

    /// Has a key repeated while reads begin to show what the first create has made, twice where a name may exist twice.
    fn repeat_soon(&mut self, dice: &mut Dice, provider: &Provider, visible: u64) {
        self.begin_with_loss(provider, FaultKind::ResetAfter);
        self.world.names_are_unique = !provider.names_may_double;
        self.world.lag = dice.between(visible / 6, visible * 3 / 4);
        self.creates[0].ending = Ending::Repeat {
            after: dice.below(3_000),
            by: 0,
        };
    }

    /// Has a key repeated while its instance is destroyed, at about the time at which a lost request takes effect.
    fn repeat_late(&mut self, dice: &mut Dice, provider: &Provider, limits: Limits) {
        let after = dice.between(limits.latest / 4, limits.latest);
        self.begin_with_loss(provider, FaultKind::ResetThenEffect { after });
        self.world.latency = dice.pick(&[1_500, 6_000]);
        self.world.lag = self.world.lag.min(3_000);
        let first = &mut self.creates[0];
        first.ending = Ending::Destroy {
            after: dice.below(after / 4),
            by: 0,
        };
        let mut again = first.clone();
        (again.at, again.ending) = (after + dice.below(8_000), Ending::Keep);
        self.creates.push(again);
    }

    /// Has all requests of a create with a key lost, the last of which takes effect as late as may be, and reads lag then.
    fn lose(&mut self, dice: &mut Dice, provider: &Provider, limits: Limits, visible: u64) {
        let after = dice.between(limits.latest * 4 / 5, limits.latest);
        self.begin_with_loss(provider, FaultKind::ResetThenEffect { after });
        self.processes[0].max_retries = Some(0);
        self.world.lag = visible.saturating_sub(500);
    }

    /// Has two processes create with one key at once. The request of one is lost, and the other one soon destroys its own.
    fn cross(&mut self, dice: &mut Dice, provider: &Provider, limits: Limits) {
        let process = self.processes[0].clone();
        let kind = match dice.below(2) {
            0 => FaultKind::ResetBefore,
            _ => FaultKind::ResetThenEffect {
                after: dice.between(3_000, limits.latest),
            },
        };
        self.begin_with_loss(provider, kind);
        self.faults = create_fault(provider, 2, kind).into_iter().collect();
        (self.world.lag, self.world.token_lag, self.world.stale) = (0, 0, 0);
        (self.world.latency, self.world.names_are_unique) = (300, true);
        self.processes.push(ProcessPlan { death: None, ..process });
        let mut twin = self.creates[0].clone();
        twin.process = 1;
        for create in [&mut self.creates[0], &mut twin] {
            create.at = dice.below(100);
            create.ending = Ending::Destroy {
                after: dice.between(1_000, 5_000),
                by: create.process,
            };
        }
        self.creates.push(twin);
    }

    /// Has two processes hold one instance by its key. One destroys it, and then the other one does, and repeats the key.
    fn share(&mut self, dice: &mut Dice, provider: &Provider) {
        let process = self.processes[0].clone();
        self.begin_with_loss(provider, FaultKind::ResetBefore);
        self.faults.clear();
        self.world.stale = self.world.stale.max(12_000);
        (self.world.lag, self.world.latency, self.world.names_are_unique) = (0, 300, true);
        self.processes.push(ProcessPlan { death: None, ..process });
        let first = &mut self.creates[0];
        first.ending = Ending::Destroy {
            after: dice.between(12_000, 16_000),
            by: 0,
        };
        let mut second = first.clone();
        (second.process, second.at) = (1, 6_000);
        second.ending = Ending::Renew {
            after: dice.between(12_000, 16_000),
        };
        self.creates.push(second);
    }

    /// Returns how many events it has, which shrinking makes fewer.
    pub(super) fn size(&self) -> usize {
        let processes = self.processes.iter();
        let traits = processes.map(|process| {
            usize::from(process.death.is_some())
                + usize::from(process.clock_jump.is_some())
                + usize::from(process.request_timeout.is_some())
                + usize::from(process.max_retries.is_some())
        });
        let creates = self.creates.iter().map(|create| {
            1 + usize::from(create.abort.is_some())
                + usize::from(create.waits)
                + usize::from(create.settings)
                + usize::from(create.ending != Ending::Keep)
        });
        traits.sum::<usize>() + creates.sum::<usize>() + self.faults.len() + self.outages.len()
    }

    /// Returns whether nothing goes wrong and no call meets another.
    pub(super) fn is_calm(&self) -> bool {
        self.faults.is_empty()
            && self.outages.is_empty()
            && self.processes.iter().all(|process| process.death.is_none())
    }
}

/// Returns a fault that the nth request meets which creates.
fn create_fault(provider: &Provider, nth: u32, kind: FaultKind) -> Option<Fault> {
    let (operation, _) = provider.operations.iter().find(|(_, kind)| *kind == Kind::Create)?;
    Some(Fault { operation, nth, kind })
}

fn draw_world(dice: &mut Dice, provider: &Provider, visible: u64, is_calm: bool) -> WorldPlan {
    let lag = |dice: &mut Dice| match dice.below(10) {
        0..=3 => 0,
        4..=6 => dice.between(0, visible / 6),
        7 | 8 => dice.between(0, visible * 3 / 4),
        _ => visible.saturating_sub(500),
    };
    let stale = match dice.below(3) {
        0 if visible > 0 && !is_calm => dice.between(500, 20_000),
        _ => 0,
    };
    WorldPlan {
        lag: if is_calm { 0 } else { lag(dice) },
        token_lag: if is_calm { 0 } else { lag(dice) },
        stale,
        shows_deletion: dice.percent(50),
        names_are_unique: !provider.names_may_double || dice.percent(75),
        latency: dice.weighted(&[(6, 300), (3, 1_500), (1, 6_000)]),
        rate: (!is_calm && provider.has_rate_limit && dice.percent(8))
            .then(|| u32::try_from(dice.between(8, 40)).unwrap()),
        renewal: (!provider.credential.is_empty() && dice.percent(10)).then(|| dice.between(0, 60_000)),
        course: dice.weighted(&[(5, Course::Well), (2, Course::Fails), (1, Course::NeverReady)]),
        start: dice.between(0, 20_000),
        variant: dice.next(),
        name_is_taken: dice.percent(15),
    }
}

fn draw_death(dice: &mut Dice) -> Death {
    if dice.percent(40) {
        Death::At(dice.between(0, 150_000))
    } else {
        Death::AtRequest {
            nth: u32::try_from(dice.between(1, 12)).unwrap(),
            arrives: dice.percent(70),
        }
    }
}

fn draw_creates(dice: &mut Dice, provider: &Provider, processes: u64, is_calm: bool) -> Vec<CreatePlan> {
    let semantics = provider.factory.semantics;
    let count = if is_calm {
        1
    } else {
        dice.weighted(&[(5, 1), (3, 2), (2, 3), (1, 5)])
    };
    (0..count)
        .map(|_| {
            let process = usize::try_from(dice.below(processes)).unwrap();
            let handle = match dice.below(10) {
                0..=3 => HandlePlan::Random,
                4..=7 => HandlePlan::Key(u8::from(dice.percent(20))),
                _ => HandlePlan::Name(u8::from(dice.percent(20))),
            };
            let after = dice.weighted(&[(3, 0), (3, 4_000), (3, 40_000), (2, 120_000)]) + dice.below(2_000);
            let by = usize::try_from(dice.below(processes)).unwrap();
            let ending = match dice.below(12) {
                0..=3 => Ending::Keep,
                4 => Ending::Look { after },
                5 | 6 => Ending::Destroy { after, by: process },
                7 | 8 => Ending::Destroy { after, by },
                9 => Ending::DestroyTwice { after },
                10 if matches!(handle, HandlePlan::Key(_)) && semantics.ids_are_never_reused => Ending::Renew { after },
                _ if matches!(handle, HandlePlan::Key(_)) => Ending::Repeat { after, by },
                _ => Ending::Look { after },
            };
            CreatePlan {
                at: if is_calm {
                    0
                } else {
                    dice.weighted(&[(4, 0), (3, 3_000), (2, 60_000)]) + dice.below(1_500)
                },
                process,
                handle,
                waits: dice.percent(20),
                ready_timeout: dice.pick(&[30_000, 300_000]),
                settings: provider.has_settings && dice.percent(25),
                other_image: !is_calm && dice.percent(4),
                abort: (!is_calm && dice.percent(18)).then(|| {
                    if dice.percent(60) {
                        Abort::AtRequest(u32::try_from(dice.between(1, 8)).unwrap())
                    } else {
                        Abort::After(dice.between(0, 40_000))
                    }
                }),
                ending,
            }
        })
        .collect()
}

fn draw_faults(dice: &mut Dice, provider: &Provider, limits: Limits, world: &WorldPlan) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let bursts = dice.weighted(&[(1, 0), (5, 1), (4, 2), (3, 3), (1, 6)]);
    for _ in 0..bursts {
        let wanted = dice.weighted(&[(10, Kind::Create), (3, Kind::Delete), (3, Kind::Step), (4, Kind::Read)]);
        let fitting: Vec<&(&str, Kind)> = provider.operations.iter().filter(|(_, kind)| *kind == wanted).collect();
        let Some(&&(operation, kind)) = fitting.get(usize::try_from(dice.below(fitting.len() as u64)).unwrap()) else {
            continue;
        };
        let first = dice.weighted(&[(6, 1), (3, 2), (2, 3), (1, 5)]);
        let run = dice.weighted(&[(6, 1), (2, 2), (1, 4)]);
        for nth in first..first + run {
            let limits = if kind == Kind::Create && limits.timeout == 30_000 {
                Limits {
                    timeout: 60_000,
                    ..limits
                }
            } else {
                limits
            };
            let refusals = provider.refusals(kind);
            let drawn = faults::draw(dice, kind, limits, &refusals);
            // Where a name may exist twice, no provider promises that a request which arrives twice has one effect.
            let is_promised = world.names_are_unique || !matches!(drawn, FaultKind::Twice { .. });
            let is_met = faults
                .iter()
                .any(|fault| fault.operation == operation && fault.nth == nth);
            if is_promised && !is_met {
                faults.push(Fault {
                    operation,
                    nth,
                    kind: drawn,
                });
            }
        }
    }
    faults
}
