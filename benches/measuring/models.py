"""Models of five kinds, as games of one row against a background."""

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import SVC

from measuring.games import Bumps, Leaves, Network

N_TRAINING = 2000
N_CENTRES = 300  # what kernel machines are trained on


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Trees:
    """Trees of scikit-learn: the sum over trees of `scale` times a leaf's number."""

    def __init__(self, trees, scale, predict, sample):
        self.trees = [tree.tree_ for tree in trees]
        self.scale, self.predict = scale, predict
        self.offset = 0.0
        self.offset = predict(sample)[0] - self.game(sample[0], sample)(np.ones((1, sample.shape[1]), dtype=bool))[0]

    def game(self, row, background):
        """Leaves that a mixture of the row and one background row can reach; equal ones are added up."""
        row, background = np.float32(row), np.float32(background)
        weights = {(0, 0): 0.0}
        for tree in self.trees:
            features, left, right = tree.feature.tolist(), tree.children_left.tolist(), tree.children_right.tolist()
            numbers = (tree.value[:, 0, 0] * self.scale / len(background)).tolist()
            asked = np.maximum(tree.feature, 0)
            row_left = (row[asked] <= tree.threshold).tolist()
            for goes_left in (background[:, asked] <= tree.threshold).tolist():
                walk(weights, features, left, right, numbers, row_left, goes_left)
        return Leaves(len(row), weights, self.offset)


def walk(weights, features, left, right, numbers, row_left, background_left):
    """Add the leaves of one tree for one background row."""
    stack = [(0, 0, 0)]
    while stack:
        node, inside, outside = stack.pop()
        feature = features[node]
        if feature < 0:
            weights[inside, outside] = weights.get((inside, outside), 0.0) + numbers[node]
            continue
        bit = 1 << feature
        if not outside & bit:
            mark = inside if row_left[node] == background_left[node] else inside | bit
            stack.append(((left if row_left[node] else right)[node], mark, outside))
        if not inside & bit and (outside & bit or row_left[node] != background_left[node]):
            stack.append(((left if background_left[node] else right)[node], inside, outside | bit))


class KernelMachine:
    """`link(offset + sum_c w_c exp(-sum_j g_j (x_j - c_j)^2))`."""

    def __init__(self, centres, weights, gamma, offset, predict, link=None):
        self.centres, self.weights, self.gamma = centres, weights, gamma
        self.offset, self.predict, self.link = offset, predict, link

    def game(self, row, background):
        def logs(rows):
            return -self.gamma * (rows[..., None, :] - self.centres) ** 2

        return Bumps(self.weights, logs(row), logs(background), self.offset, self.link)


class Perceptron:
    """Dense layers on standardised columns."""

    def __init__(self, fitted, mean, scale, predict, link):
        self.fitted, self.mean, self.scale = fitted, mean, scale
        self.predict, self.link = predict, link

    def game(self, row, background):
        row, background = (row - self.mean) / self.scale, (background - self.mean) / self.scale
        return Network(row, background, self.fitted.coefs_, self.fitted.intercepts_, self.link)


def boosted(data):
    options = {"n_estimators": 100, "max_depth": 4, "random_state": 0}
    table, target = data.table[:N_TRAINING], data.target[:N_TRAINING]
    if data.is_class:
        fitted = GradientBoostingClassifier(**options).fit(table, target)
        predict = fitted.decision_function
    else:
        fitted = GradientBoostingRegressor(**options).fit(table, target)
        predict = fitted.predict
    return Trees(fitted.estimators_[:, 0], fitted.learning_rate, predict, table[:1])


def forest(data):
    table, target = data.table[:N_TRAINING], data.target[:N_TRAINING]
    fitted = RandomForestRegressor(n_estimators=100, max_depth=8, random_state=0).fit(table, target)
    return Trees(fitted.estimators_, 1 / len(fitted.estimators_), fitted.predict, table[:1])


def standardised(table):
    mean, scale = table.mean(axis=0), table.std(axis=0)
    return mean, np.where(scale > 0, scale, 1.0)


def perceptron(data):
    table, target = data.table[:N_TRAINING], data.target[:N_TRAINING]
    mean, scale = standardised(table)
    options = {"hidden_layer_sizes": (32, 32), "max_iter": 400, "random_state": 0}
    if data.is_class:
        fitted = MLPClassifier(**options).fit((table - mean) / scale, target)
        return Perceptron(fitted, mean, scale, lambda rows: fitted.predict_proba((rows - mean) / scale)[:, 1], sigmoid)
    fitted = MLPRegressor(**options).fit((table - mean) / scale, target)
    return Perceptron(fitted, mean, scale, lambda rows: fitted.predict((rows - mean) / scale), lambda x: x)


def support_vectors(data):
    """The probability (Platt's) of a class, or of a target above its median."""
    table, target = data.table[:N_CENTRES], data.target[:N_CENTRES]
    mean, scale = standardised(table)
    is_high = target > (0.5 if data.is_class else np.median(target))
    fitted = SVC(C=3.0, gamma=1 / table.shape[1]).fit((table - mean) / scale, is_high)
    decision = fitted.decision_function((table - mean) / scale)
    platt = LogisticRegression().fit(decision[:, None], is_high)
    slope, shift = platt.coef_[0, 0], platt.intercept_[0]
    return KernelMachine(
        centres=fitted.support_vectors_ * scale + mean,
        weights=fitted.dual_coef_[0],
        gamma=1 / (table.shape[1] * scale**2),
        offset=fitted.intercept_[0],
        predict=lambda rows: platt.predict_proba(fitted.decision_function((rows - mean) / scale)[:, None])[:, 1],
        link=lambda x: sigmoid(slope * x + shift),
    )


def gaussian_process(data):
    """The posterior mean."""
    table, target = data.table[:N_CENTRES], data.target[:N_CENTRES]
    mean, scale = standardised(table)
    n_columns = table.shape[1]
    # One length scale, near the distance of typical rows: the likelihood alone leaves some tables without any shape.
    kernel = ConstantKernel(1.0) * RBF(np.sqrt(n_columns), (0.3 * np.sqrt(n_columns), 3 * np.sqrt(n_columns)))
    fitted = GaussianProcessRegressor(kernel + WhiteKernel(0.1), random_state=0)
    fitted.fit((table - mean) / scale, target - target.mean())
    bump = fitted.kernel_.k1
    return KernelMachine(
        centres=table,
        weights=bump.k1.constant_value * fitted.alpha_.ravel(),
        gamma=1 / (2 * (bump.k2.length_scale * scale) ** 2),
        offset=target.mean(),
        predict=lambda rows: fitted.predict((rows - mean) / scale) + target.mean(),
    )


KINDS = {
    "boosted": boosted,
    "forest": forest,
    "MLP": perceptron,
    "SVM": support_vectors,
    "GP": gaussian_process,
}
