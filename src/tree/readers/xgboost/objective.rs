//! What the objective makes of a margin, and of the base score, which the file holds in units of the output.

use super::document::Value;
use crate::error::Error;
use crate::tree::forest::Transform;

/// From the raw margin to what `predict` returns.
pub(super) fn transform(objective: &str, n_outputs: usize) -> Transform {
    match objective {
        "binary:logistic" | "reg:logistic" => Transform::Sigmoid { scale: 1.0 },
        "multi:softprob" => Transform::Softmax,
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => Transform::Exp,
        // Several expectiles are made to ascend, and since 3.3 several quantiles too.
        "reg:expectileerror" | "reg:quantileerror" if n_outputs > 1 => Transform::Other,
        "binary:logitraw" => Transform::Identity,
        _ if objective.starts_with("reg:") || objective.starts_with("rank:") => Transform::Identity,
        _ => Transform::Other, // classes (`multi:softmax`, `binary:hinge`) and objectives of later versions
    }
}

/// The margin that trees are added to, one number for each output.
pub(super) fn offset(
    objective: &str,
    base_score: Value<'_, '_>,
    n_outputs: usize,
) -> Result<Vec<f64>, Error> {
    let scores = scores(base_score)?;
    let scores = match scores.as_slice() {
        &[score] => vec![score; n_outputs],
        _ if scores.len() == n_outputs => scores,
        _ => return Err(base_score.wrong("one number, or one for each output")),
    };
    // In single precision, as XGBoost computes it.
    let margins: Vec<f32> = match objective {
        "binary:logistic" | "reg:logistic" => scores.iter().map(|score| -(1.0 / score - 1.0).ln()).collect(),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            scores.iter().map(|score| score.ln()).collect()
        }
        "reg:expectileerror" if n_outputs > 1 => return Ok(expectile_margins(&scores)),
        _ => scores,
    };
    Ok(margins.into_iter().map(f64::from).collect())
}

/// `5E-1` until 3.0, `[5E-1,2.5E-1]` since: always in a text.
fn scores(base_score: Value<'_, '_>) -> Result<Vec<f32>, Error> {
    let text = base_score.number_text()?;
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let scores: Result<Vec<f32>, _> = inner.split(',').map(|score| score.trim().parse()).collect();
    scores.map_err(|_| base_score.wrong("a number, or numbers in brackets"))
}

/// Several expectiles never cross: the first is a margin, each later one adds 1e-6 and softplus of its own margin (the
/// 1e-6 was found from predictions of 3.4.1).
fn expectile_margins(scores: &[f32]) -> Vec<f64> {
    let softplus_inverse = |gap: f64| gap.exp_m1().ln();
    let later = scores.windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0]) - 1e-6);
    scores.iter().take(1).map(|&score| f64::from(score)).chain(later.map(softplus_inverse)).collect()
}
