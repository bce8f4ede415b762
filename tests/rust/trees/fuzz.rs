//! Mutated model files: an error or a valid forest, never a panic, a hang, or much memory.
//!
//! Every reader reads the recorded files of `tests/trees/models/<library>/`, cut short, flipped, spliced and repeated
//! along numbered streams; the number in a message is the reproducer. `FERROSHAP_FUZZ_SECONDS=600 cargo test --release
//! --test rust fuzz -- --ignored` goes on for so long with each reader.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ferroshap::tree::Forest;
use ferroshap::tree::readers::{self, Format};

use super::{brute_force, recorded};

/// Memory that a reader may take besides ten times the file: what the limits on columns (2^20, 64 bytes each), values
/// of leaves (2^22) and category sets (64 MiB) let a small file ask for.
const SLACK: usize = 200 << 20;
/// Longest that reading a mutated file of at most 100 kB may take.
const LONGEST: Duration = Duration::from_secs(5);

const READERS: [(Format, &str, &[&str]); 4] = [
    (Format::Xgboost, "xgboost", &[".ubj", ".json"]),
    (Format::Onnx, "onnx", &[".onnx"]),
    (Format::Lightgbm, "lightgbm", &[".txt"]),
    (Format::Catboost, "catboost", &[".json"]),
];

/// Counts what a thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST_HELD: Cell<usize> = const { Cell::new(0) };
}

fn count(taken: usize, given_back: usize) {
    // Not at hand while a thread ends: what it frees then is not counted.
    let _ = HELD.try_with(|held| {
        held.set(held.get().saturating_sub(given_back) + taken);
        let _ = MOST_HELD.try_with(|most| most.set(most.get().max(held.get())));
    });
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises about the layout are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) };
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A stream of numbers by its own number (SplitMix64, Steele and others 2014).
struct Stream(u64);

impl Stream {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.draw() % limit.max(1) as u64).expect("below a usize")
    }

    fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// One to eight edits of a file; `other` is spliced in.
fn mutated(file: &[u8], other: &[u8], stream: &mut Stream) -> Vec<u8> {
    const NUMBERS: [&str; 9] =
        ["-1", "0", "4294967296", "99999999999999999999", "NaN", "1e999", "-1e999", "16777215", "1000000"];
    const BYTES: &[u8] = b"\x00\x01\x7f\x80\xff[]{}#$,:\"9-ZNLdU";
    let mut bytes = file.to_vec();
    for _ in 0..=stream.below(8) {
        let (at, length) = (stream.below(bytes.len()), 1 + stream.below(40));
        let end = (at + length).min(bytes.len());
        match stream.below(8) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << stream.below(8),
            1 if !bytes.is_empty() => bytes[at] = BYTES[stream.below(BYTES.len())],
            2 => {
                let first = stream.below(other.len());
                let piece = other[first..(first + length).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            3 => {
                let piece = bytes[at..end].repeat(1 + stream.below(20));
                bytes.splice(at..end, piece);
            }
            4 => drop(bytes.drain(at..end)),
            5 => {
                let number: Vec<u8> = (0..8).map(|_| stream.draw().to_le_bytes()[0]).collect();
                bytes.splice(at..(at + 8).min(bytes.len()), number);
            }
            // A number in a text becomes another one.
            _ => {
                let is_part = |byte: &u8| byte.is_ascii_digit() || b"-+.eE".contains(byte);
                let first = at + bytes[at..].iter().position(u8::is_ascii_digit).unwrap_or(0);
                let length = bytes[first..].iter().take_while(|byte| is_part(byte)).count();
                bytes.splice(
                    first..first + length,
                    stream.of(&NUMBERS.each_ref().map(|number| *number)).bytes(),
                );
            }
        }
    }
    bytes
}

/// Read the bytes, and check what came of it: its cost, and that a forest is valid and can be asked.
fn check(bytes: &[u8], format: Format, label: &str) -> bool {
    let before = HELD.get();
    MOST_HELD.set(before);
    let start = Instant::now();
    let result = catch_unwind(|| readers::read(bytes, format));
    let (taken, time) = (MOST_HELD.get().saturating_sub(before), start.elapsed());
    let result = result.unwrap_or_else(|_| panic!("{label}: the reader panicked"));
    assert!(time < LONGEST, "{label}: took {time:?}");
    assert!(
        taken <= 10 * bytes.len() + SLACK,
        "{label}: {taken} bytes of memory for {} of file",
        bytes.len()
    );
    let Ok(forest) = result else { return false };
    let asked = catch_unwind(|| ask(&forest));
    assert!(asked.is_ok(), "{label}: the forest is not one");
    let has_cover = forest.has_cover;
    let again = forest.validated().unwrap_or_else(|error| panic!("{label}: not valid: {error}"));
    assert_eq!(again.has_cover, has_cover, "{label}");
    true
}

fn ask(forest: &Forest) {
    if forest.n_columns() <= 1000 {
        for number in [0.0, f64::NAN, -1.0, 3.0] {
            brute_force::predict(forest, &vec![number; forest.n_columns()]);
        }
    }
}

fn corpus(library: &str, endings: &[&str]) -> Vec<(PathBuf, Vec<u8>)> {
    recorded::files(library, endings)
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).expect("listed a moment ago")))
        .collect()
}

/// One file of the corpus, changed along the stream of this number.
fn fuzz(corpus: &[(PathBuf, Vec<u8>)], format: Format, number: u64) -> bool {
    let mut stream = Stream(number);
    let (path, file) = &corpus[stream.below(corpus.len())];
    let (_, other) = &corpus[stream.below(corpus.len())];
    let bytes = mutated(file, other, &mut stream);
    check(&bytes, format, &format!("stream {number}, {}", path.display()))
}

#[test]
fn the_guard_sees_memory_that_is_given_back() {
    let before = HELD.get();
    MOST_HELD.set(before);
    drop(std::hint::black_box(vec![0_u8; 3 << 20]));
    assert!(MOST_HELD.get() >= before + (3 << 20));
    assert!(HELD.get() < before + (1 << 20));
}

#[test]
fn mutated_files_give_an_error_or_a_forest() {
    for (format, library, endings) in READERS {
        let corpus = corpus(library, endings);
        assert!(!corpus.is_empty(), "no files of {library}");
        let n_forests = (0..2000).filter(|&number| fuzz(&corpus, format, number)).count();
        assert!(n_forests > 0, "{library}: every mutation was refused, so none came past the first check");
    }
}

#[test]
fn files_that_end_early_are_errors() {
    for (format, library, endings) in READERS {
        let mut corpus = corpus(library, endings);
        corpus.sort_by_key(|(_, file)| file.len());
        for (path, file) in corpus.iter().step_by(corpus.len().div_ceil(4).max(1)) {
            // Each byte of the beginning and of the end, some of those between.
            let lengths = (0..file.len())
                .filter(|length| length % 37 == 0 || length.min(&(file.len() - length)) < &200);
            for length in lengths {
                check(&file[..length], format, &format!("{} cut to {length} bytes", path.display()));
            }
        }
    }
}

fn fuzz_for_long(format: Format) {
    let seconds =
        std::env::var("FERROSHAP_FUZZ_SECONDS").map_or(60, |seconds| seconds.parse().expect("a number"));
    let first =
        std::env::var("FERROSHAP_FUZZ_FIRST").map_or(1 << 32, |first| first.parse().expect("a number"));
    let (_, library, endings) = READERS.into_iter().find(|(of, ..)| *of == format).expect("in the list");
    let corpus = corpus(library, endings);
    for (path, file) in corpus.iter().filter(|(_, file)| file.len() < 8192) {
        for length in 0..file.len() {
            check(&file[..length], format, &format!("{} cut to {length} bytes", path.display()));
        }
    }
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut number = first;
    while Instant::now() < end {
        fuzz(&corpus, format, number);
        number += 1;
    }
    assert!(number > first + 1000, "{library}: only {} files in {seconds} s", number - first);
}

#[test]
#[ignore = "runs for FERROSHAP_FUZZ_SECONDS"]
fn fuzz_xgboost() {
    fuzz_for_long(Format::Xgboost);
}

#[test]
#[ignore = "runs for FERROSHAP_FUZZ_SECONDS"]
fn fuzz_onnx() {
    fuzz_for_long(Format::Onnx);
}

#[test]
#[ignore = "runs for FERROSHAP_FUZZ_SECONDS"]
fn fuzz_lightgbm() {
    fuzz_for_long(Format::Lightgbm);
}

#[test]
#[ignore = "runs for FERROSHAP_FUZZ_SECONDS"]
fn fuzz_catboost() {
    fuzz_for_long(Format::Catboost);
}
