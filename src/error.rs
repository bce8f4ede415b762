//! Everything that can go wrong in the core, one variant a cause.

/// An error of the core. `src/python/error.rs` maps each variant to a Python class.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
#[non_exhaustive]
pub enum Error {
    /// An array does not have the length that the others imply.
    #[error("`{argument}` has length {got}, but {want} is needed")]
    Length { argument: &'static str, got: usize, want: usize },
    /// Something that all players must be part of has others, or not all of them.
    #[error(
        "`{argument}` is of {got} players, but the game has {want}: all of them, and no others, are needed"
    )]
    Players { argument: &'static str, got: usize, want: usize },
    /// A parameter is outside its range.
    #[error("`{argument}` is {got}, but must be {accepted}")]
    Parameter { argument: &'static str, got: String, accepted: &'static str },
    /// The budget cannot pay for the least that the method needs.
    #[error(
        "`budget` is {got}, but {method} needs at least {least} evaluations for {n_players} players: raise the budget, or group the players"
    )]
    Budget { method: &'static str, got: u64, least: u64, n_players: usize },
    /// A worth is NaN or infinite.
    #[error("the game is worth {worth} at evaluation {evaluation}, output {output}: worths must be finite")]
    WorthNotFinite { evaluation: u64, output: usize, worth: f64 },
    /// Worths were told that were not asked for, or were told before.
    #[error(
        "worths of evaluations {first} to {last} were told, but they were not asked for, or were told before"
    )]
    NotAsked { first: u64, last: u64 },
    /// The game has more players than the method can hold in memory.
    #[error("{method} on {n_players} players needs {bytes} bytes, more than {limit}: {remedy}")]
    TooLarge { method: &'static str, n_players: usize, bytes: u64, limit: u64, remedy: &'static str },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A table of worths does not have one row for every coalition.
    #[error(
        "`{argument}` has {got} rows, but a game of n players has 2^n: one for each coalition, the empty one first"
    )]
    NotAllCoalitions { argument: &'static str, got: usize },
    /// Bytes are not those of a state that was saved.
    #[error("the bytes are damaged at {at}: {what}")]
    Damaged { at: usize, what: &'static str },
    /// A tree model cannot be read, or is not one that we can explain.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What is wrong with a tree model or its file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
#[non_exhaustive]
pub enum ModelError {
    /// The bytes end too early, or do not follow the format.
    #[error("the {format} model is damaged at byte {at}: {what}")]
    Syntax { format: &'static str, at: usize, what: String },
    /// A field is absent, or holds what it must not.
    #[error("`{field}` of the {format} model is {got}, but must be {accepted}")]
    Field { format: &'static str, field: String, got: String, accepted: &'static str },
    /// A node is wrong: a child that does not exist or has two parents, a number that is not finite.
    #[error("node {node} of tree {tree}: {what}")]
    Node { tree: usize, node: usize, what: String },
    /// The model does what we do not explain.
    #[error("{library}: {what} is not supported: {remedy}")]
    Unsupported { library: &'static str, what: String, remedy: &'static str },
    /// A count is past what we accept.
    #[error("the model has {got} {what}, but at most {limit} are accepted")]
    TooLarge { what: &'static str, got: u64, limit: u64 },
}
