//! Deliberate defects of the core. Each is a switch that exists in tests alone, and that the simulation must find.

use std::cell::Cell;

thread_local! {
    static ACTIVE: Cell<Option<Mutation>> = const { Cell::new(None) };
}

/// Returns whether the core has this defect now.
pub(crate) fn is_on(mutation: Mutation) -> bool {
    ACTIVE.get() == Some(mutation)
}

/// Gives the core a defect until the result is dropped.
pub(crate) fn mutate(mutation: Option<Mutation>) -> Mutated {
    ACTIVE.set(mutation);
    Mutated
}

/// The core has a defect as long as this lives.
pub(crate) struct Mutated;

impl Drop for Mutated {
    fn drop(&mut self) {
        ACTIVE.set(None);
    }
}

/// Lists the defects, each with what it does: those that the simulation must find within ten thousand scenarios, and those of
/// which a test of their own must show that it finds them, because too few scenarios do.
macro_rules! mutations {
    ($($name:ident: $what:literal,)* ; $($rare:ident: $what_rare:literal,)*) => {
        /// A deliberate defect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Mutation {
            $($name,)*
            $(#[doc = $what_rare] $rare,)*
        }

        /// Every defect that scenarios must show, with what it does.
        pub(super) const MUTATIONS: &[(Mutation, &str)] = &[$((Mutation::$name, $what),)*];
    };
}

mutations! {
    PrefersOldest: "prefers the oldest of several resources to the one that it has handed out",
    ForgetsForeignDeletion: "adopts again what another process had deleted before it destroyed it, because reads still show it",
    TakesUnclearRefusalForNone: "does not watch what a refusal may hide beside another's resource of the name",
    ForgetsLaterNamesake: "forgets after a destroy what has come to have the same id meanwhile",
    HandsOutFormerHolder: "hands out what had the name of a lost create before the wait for it",
    ForgetsUnseenHolder: "does not wait for what it has created with the key until reads show it",
    RemovesAdopted: "removes as made late what another call with the key holds",
    BelievesClash: "takes its own resource for another's when the name that a caller chose is taken",
    AdoptsWithoutToken: "adopts what a lookup shows without the ownership token",
    SendsBeforeLooking: "sends a lost create again before it looks",
    ForgetsLateCreate: "forgets at a destroy what the requests of the create may still make",
    ForgetsWatch: "does not watch what a repeated create may still make",
    WatchEndsWithAbsenceWindow: "ends the watch with the absence window, although reads lag behind the last effect",
    WatchDeletesHeld: "deletes in the watch what the caller holds",
    WatchIgnoresToken: "deletes in the watch what another create has made",
    WatchEndsAtFailure: "ends the watch at the first lookup that fails",
    SearchForgetsLag: "ends a search with the absence window where no watch looks afterwards",
    SearchesTooShortly: "searches as long as five lookups take",
    BelievesFirstAbsence: "believes the first lookup that shows nothing",
    TakesFailedLookupForAbsence: "takes a lookup that fails for one that shows nothing",
    BelievesLoss: "takes a lost request for one without effect",
    BelievesRefusalAfterLoss: "believes a refusal although an earlier request was lost",
    BelievesUnclearRefusal: "believes a refusal that does not rule out an effect",
    TakesOwnForAnothers: "takes its own resource for another's when its name is taken",
    AdoptsAnothersName: "adopts what has the name that a caller chose",
    AdoptsTakenName: "adopts what had the name before the create",
    IgnoresExistingKey: "does not look for what an earlier create with the key has made",
    IgnoresKey: "draws a new name for every create with a key",
    ForgetsNameLock: "lets creates of one name run side by side in a process",
    WaitsForHang: "sends no second request beside one that hangs",
    RollsBackAnothers: "removes what another create with the key has made",
    ForgetsRollback: "leaves what a failed create has made",
    RollsBackOnce: "gives up a removal at the first failure",
    HidesRemains: "does not tell that a removal has failed",
    HidesTheName: "does not tell the name under which something may exist",
    TellsCleanupWrongly: "tells of a removal that failed that it succeeded",
    ForgetsAbortedCreate: "does not watch what an aborted create may still make",
    ForgetsFailedCreate: "does not look once more after a create that failed",
    ForgetsHang: "forgets that a request which hangs takes effect later than one that was lost",
    ForgetsRepair: "leaves what an earlier create with the key has made twice",
    IgnoresImage: "hands out what was made with the key for another image",
    ForgetsSteps: "leaves out the steps that follow a create",
    TakesFailedStepForDone: "takes a step that failed for done",
    TakesFailureForReady: "takes an instance that failed to start for ready",
    DeletionWatchLooksOnce: "ends the watch of a deletion at the first look",
    ForgetsUnconfirmedDeletion: "does not watch a deletion that is not confirmed",
    TakesFailedDeletionForDone: "takes a deletion that failed for done",
    BelievesEarlyAbsence: "takes an instance that does not show yet for deleted",
    ForgetsDeletions: "adopts what it has deleted because reads still show it",
    ForgetsYoungInstances: "does not find what it has just created because reads lag",
    ShowsSecrets: "shows in errors what the provider repeats",
    RepeatsCreates: "repeats a lost create like a read",
    ForgetsRenewal: "does not renew a credential that has expired",
    DeletesByNameAlone: "goes on deleting where an id is a name, although another may have the name by then",
    NamespaceTrustsTag: "takes whatever instance has the tag at Namespace",
    BelievesAnyAnswer: "believes an answer to a create that is about another resource",
    RailwayStartsEverywhere: "starts a service in all environments at Railway",
    RailwayTakesImageForDeployment: "takes a service at Railway with an image for deployed",
    ;
    CountsReadsFromResponses: "counts what a read shows from its response, however late that comes",
    WaitsForGoneInstance: "waits for what another process has destroyed, because reads showed it still",
    TellsAdoptedForRemoved: "tells of what another call has adopted that its clean-up succeeded",
    RailwayCountsReadsFromResponses: "counts the age of a service at Railway from the response of a slow read",
    WatchTrustsOtherDeletions: "ends the watch although another call's deletion may yet fail",
    DeletesByNameAfterSearch: "deletes by name after a long search what another process may have made meanwhile",
    RepeatsDeletionByName: "repeats a deletion by name without a look at whose it is by then",
    DeletesReplacement: "goes on deleting by name what another call of the process has made since, and forgets that it has",
    NamespaceForgetsGoneInstances: "does not note what is no longer running at Namespace",
}
