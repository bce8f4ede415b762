"""Detectors as models: worths by their definition, targets found or given, and what is refused."""

import pickle

import numpy as np
import pytest

from ferroshap.errors import DimensionError, InvalidModelError, OptionError
from ferroshap.models import Detector, Targets, as_model

IMAGE = np.zeros((32, 40, 3))
BOX = [4.0, 6.0, 20.0, 22.0]


def random_detections(rng, n_found, n_classes):
    corners = rng.uniform(0.0, 30.0, (n_found, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(1.0, 20.0, (n_found, 2))], axis=1)
    return boxes, rng.uniform(size=n_found), rng.dirichlet(np.ones(n_classes), n_found)


def always(*found):
    """A detector that finds the same in every image."""
    return lambda images: [found for _ in images]


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def by_definition(found, box, probs):
    """The largest similarity, one detection at a time."""
    worths = [0.0]
    for other, objectness, other_probs in zip(*found, strict=True):
        lengths = np.linalg.norm(probs) * np.linalg.norm(other_probs)
        cosine = probs @ other_probs / lengths if lengths else 0.0
        worths.append(iou(box, other) * objectness * cosine)
    return max(worths)


@pytest.mark.parametrize("n_classes", [1, 2, 5])
def test_the_worth_is_the_largest_similarity(n_classes, seed):
    rng = np.random.default_rng([seed, 80])
    images = [random_detections(rng, n_found, n_classes) for n_found in [7, 0, 1, 30]]
    boxes, _, probs = random_detections(rng, 3, n_classes)
    detector = Detector(lambda batch: images, (boxes, probs))
    expected = [[by_definition(found, *target) for target in zip(boxes, probs, strict=True)] for found in images]
    found = detector(np.zeros((4, 32, 40, 3)))
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)
    assert ((found >= 0) & (found <= 1)).all()
    assert not found[1].any()


def test_targets_in_one_call_are_those_of_single_calls(seed):
    rng = np.random.default_rng([seed, 81])
    images = [random_detections(rng, n_found, 4) for n_found in [5, 9]]
    boxes, _, probs = random_detections(rng, 4, 4)
    calls = []

    def detect(batch):
        calls.append(len(batch))
        return images

    batch = np.zeros((2, 32, 40, 3))
    for attribute in ["similarity", "class", "iou"]:
        together = Detector(detect, (boxes, probs), attribute=attribute)(batch)
        assert calls == [2]
        apart = [
            Detector(detect, (boxes[[t]], probs[[t]]), attribute=attribute)(batch)[:, 0] for t in range(len(boxes))
        ]
        # Sums of at most 4 products each, added up in another order.
        np.testing.assert_allclose(together, np.stack(apart, axis=1), rtol=8 * 2**-53, atol=0)
        calls.clear()


def test_an_own_detection_is_worth_its_objectness_at_least(seed):
    rng = np.random.default_rng([seed, 82])
    found = random_detections(rng, 6, 3)
    detector = Detector.of(always(*found), IMAGE, min_score=0.0, max_iou=1.0)
    assert len(detector.targets) == 6
    worths = detector(IMAGE[None])[0]
    objectness = found[1][detector.targets.anchors]
    assert (worths >= objectness * (1 - 1e-14)).all()


def test_targets_are_found_best_first_without_those_that_overlap_better_ones():
    boxes = [[0, 0, 10, 10], [0, 1, 10, 11], [20, 20, 30, 30], [12, 0, 22, 10]]
    found = (boxes, [0.7, 0.9, 0.8, 0.3], [[1.0, 0.0], [1.0, 0.0], [0.1, 0.9], [1.0, 0.0]])
    targets = Detector(always(*found)).targets_of(IMAGE)
    np.testing.assert_array_equal(targets.boxes, [boxes[1], boxes[2]])
    np.testing.assert_array_equal(targets.anchors, [1, 2])
    np.testing.assert_array_equal(targets.classes, [0, 1])
    np.testing.assert_allclose(targets.scores, [0.9, 0.8 * 0.9])
    assert targets.n_anchors == 4
    names = Detector.of(always(*found), IMAGE, class_names=["cat", "dog"]).output_names
    assert names == ["cat 0.90 [0, 1, 10, 11]", "dog 0.72 [20, 20, 30, 30]"]


@pytest.mark.parametrize(
    "output",
    [
        [([BOX], [0.5], [[1.0, 0.0]])] * 2,
        [[np.array([BOX]), np.array([0.5]), np.array([[1.0, 0.0]])]] * 2,
        [{"boxes": [BOX], "objectness": [0.5], "class_probs": [[1.0, 0.0]]}] * 2,
        [{"boxes": [BOX], "scores": [0.5], "labels": [0]}] * 2,
        {"boxes": [[BOX]] * 2, "objectness": [[0.5]] * 2, "class_probs": [[[1.0, 0.0]]] * 2},
        (np.full((2, 1, 4), BOX), np.full((2, 1), 0.5), np.full((2, 1, 2), [1.0, 0.0])),
    ],
)
def test_every_form_of_output_is_read(output):
    detector = Detector(lambda images: output, ([BOX], ["cat"]), class_names=["cat", "dog"])
    np.testing.assert_allclose(detector(np.zeros((2, 32, 40, 3))), [[0.5], [0.5]])


def test_labels_of_unknown_number_are_compared_as_they_are():
    outputs = [
        {"boxes": [BOX, BOX], "scores": [0.5, 0.8], "labels": [3, 7]},
        {"boxes": [BOX], "scores": [0.9], "labels": [1]},
        {"boxes": np.zeros((0, 4)), "scores": [], "labels": []},
    ]
    detector = Detector(lambda images: outputs, ([BOX, BOX, BOX], [3, 1, 12]))
    np.testing.assert_allclose(detector(np.zeros((3, 32, 40))), [[0.5, 0, 0], [0, 0.9, 0], [0, 0, 0]])
    found = Detector.of(lambda images: outputs[:1], IMAGE, min_score=0.1)
    assert found.output_names == ["class 7 0.80 [4, 6, 20, 22]"]


@pytest.mark.parametrize("empty", [([], [], []), (np.zeros((0, 4)), np.zeros(0), np.zeros((0, 2)))])
def test_nothing_detected_is_worth_nothing_wherever_it_happens(empty):
    """A peer lets a first image without detections shape its sums, and swallows the error of every later one."""
    full = ([BOX], [0.5], [[1.0, 0.0]])
    for output in [[empty, full, full], [full, empty, full], [full, full, empty], [empty] * 3]:
        for attribute in ["similarity", "class", "iou"]:
            detector = Detector(lambda images, output=output: output, ([BOX], [0]), attribute=attribute)
            expected = {"similarity": 0.5, "class": 1.0, "iou": 1.0}[attribute]
            np.testing.assert_allclose(
                detector(np.zeros((3, 32, 40, 3))), [[expected * (one is full)] for one in output]
            )
    assert Detector(lambda images: [], ([BOX], [0]))(np.zeros((0, 32, 40, 3))).shape == (0, 1)


def test_attributes_by_hand():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 4]]
    found = (boxes, [0.2, 0.9, 0.9], [[0.3, 0.7], [0.6, 0.4], [0.8, 0.2]])
    targets = ([[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 3]], [0, 1, 0])
    of = {name: Detector(always(*found), targets, attribute=name)(IMAGE[None])[0] for name in ["class", "iou"]}
    np.testing.assert_allclose(of["class"], [0.3, 0.4, 0.8])
    np.testing.assert_allclose(of["iou"], [0.8, 0.8, 0.75])
    far = Detector(always(*found), ([[0, 0, 20, 10]], [0]), attribute="class")
    assert far(IMAGE[None]) == 0.3  # an overlap of one half counts
    assert not Detector(always(*found), ([[0, 0, 21, 10]], [0]), attribute="class")(IMAGE[None]).any()


def test_edges_follow_the_anchor_of_their_target():
    first = ([[0, 0, 10, 10], [20, 2, 30, 12]], [0.1, 0.9], [1.0, 1.0])
    moved = ([[1, 1, 10, 10], [19, 3, 31, 14]], [0.9, 0.1], [1.0, 1.0])
    for attribute, edge in [("left", 19), ("top", 3), ("right", 31), ("bottom", 14)]:
        detector = Detector.of(lambda images: [first], IMAGE, attribute=attribute)
        assert detector.output_names == [f"{attribute} of class 0 0.90 [20, 2, 30, 12]"]
        detector.detect = lambda images: [moved]
        np.testing.assert_array_equal(detector(IMAGE[None]), [[edge]])
    detector.detect = lambda images: [([[0, 0, 1, 1]], [0.5], [1.0])]
    with pytest.raises(InvalidModelError, match="2 for another"):
        detector(IMAGE[None])


def test_targets_that_were_given_can_be_tied_to_detections():
    found = ([[0, 0, 10, 10], [20, 2, 30, 12]], [0.9, 0.9], [[1.0, 0.0], [0.0, 1.0]])
    detector = Detector(always(*found), ([[19, 2, 29, 12]], [1]))
    pinned = detector.pin(IMAGE)
    assert pinned.targets.anchors == [1]
    assert pinned.targets.n_anchors == 2
    assert Detector(pinned.detect, pinned.targets, attribute="left")(IMAGE[None]) == 20
    with pytest.raises(OptionError, match="needs to know which output"):
        Detector(always(*found), detector.targets, attribute="left")
    with pytest.raises(OptionError, match="no detection in `image` is like"):
        Detector(always(*found), ([[19, 2, 29, 12]], [0])).pin(IMAGE)


def test_targets_are_chosen_like_an_array():
    targets = Targets(
        [BOX, [0, 0, 5, 5], [1, 1, 9, 9]], class_probs=np.eye(3), scores=[0.9, 0.8, 0.7], anchors=[5, 6, 7]
    )
    assert len(targets[1:]) == 2
    assert targets[1:].anchors.tolist() == [6, 7]
    assert targets[[2, 0]].classes.tolist() == [2, 0]
    assert targets[np.array([False, True, False])].scores == [0.8]
    np.testing.assert_array_equal(targets[0].class_probs, [[1, 0, 0]])
    assert "class 1 0.80 [0, 0, 5, 5]" in repr(targets)


@pytest.mark.parametrize(
    "targets,error,message",
    [
        (([[np.nan, 0, 5, 5]], [0]), OptionError, "not finite"),
        (([[5, 0, 5, 5]], [0]), OptionError, "empty"),
        (([[10, 10, 5, 5]], [0]), OptionError, "not x, y, width, height"),
        (([[0, 0, 5]], [0]), DimensionError, r"\(1, 3\)"),
        (([BOX], [0, 1]), DimensionError, "classes of shape"),
        (([BOX], ["bird"]), OptionError, "'bird'"),
        (([BOX], ["cta"]), OptionError, "did you mean 'cat'"),
        (([BOX], [2]), OptionError, "there are 2 classes"),
        (([BOX], [-1]), OptionError, "numbers from 0"),
        (([BOX], [[1.5, 0.0]]), OptionError, "not logits"),
        (([BOX], [[1.0, 0.0, 0.0]]), DimensionError, "3 classes"),
        (([BOX],), OptionError, "a pair"),
        ({"boxes": [BOX], "klasses": [0]}, OptionError, "did you mean 'classes'"),
        ({"classes": [0]}, OptionError, "lack `boxes`"),
        ({"boxes": [BOX]}, OptionError, "either `classes` or `class_probs`"),
        (np.zeros((2, 4)), OptionError, "ndarray"),
        ((np.zeros((0, 4)), []), OptionError, "nothing to explain"),
    ],
)
def test_targets_that_cannot_be_are_refused(targets, error, message):
    with pytest.raises(error, match=message):
        Detector(always([BOX], [0.5], [[1.0, 0.0]]), targets, class_names=["cat", "dog"])


@pytest.mark.parametrize("box", [[40, 0, 50, 10], [0, 32, 10, 40], [-9, 0, 0, 9], [0, -9, 9, 0]])
def test_boxes_outside_of_the_image_are_refused(box):
    detect = always([BOX], [0.5], [[1.0]])
    with pytest.raises(OptionError, match="outside of the image"):
        Detector(detect, ([box], [0]))(IMAGE[None])
    with pytest.raises(OptionError, match="outside of the image"):
        Detector(detect, ([box], [0]), layout="NCHW")(IMAGE.transpose(2, 0, 1)[None])
    reaching_over = Detector(detect, ([[-5, -5, 45, 45]], [0]))
    assert reaching_over(IMAGE[None]) > 0


@pytest.mark.parametrize(
    "output,error,message",
    [
        ([([BOX], [0.5], [[-0.2, 1.2]])], InvalidModelError, "apply softmax or sigmoid"),
        ([([BOX], [3.0], [[1.0, 0.0]])], InvalidModelError, "objectness 3"),
        ([([BOX], [np.nan], [[1.0, 0.0]])], InvalidModelError, "objectness nan"),
        ([([[0, 0, np.inf, 2]], [0.5], [[1.0, 0.0]])], InvalidModelError, "must be finite"),
        ([([BOX], [0.5], [[1.0, 0.0, 0.0]])], DimensionError, "3 classes, but there are 2"),
        ([([BOX], [0.5, 0.5], [[1.0, 0.0]])], DimensionError, r"\(J, 4\)"),
        ([([BOX], [0.5], [[1.0, 0.0]])] * 2, DimensionError, "2 items for 1 images"),
        ([(["a"], [0.5], [[1.0, 0.0]])], InvalidModelError, "no array of numbers"),
        ([([BOX], [0.5])], InvalidModelError, "a tuple"),
        (None, InvalidModelError, "NoneType"),
        ([{"boxes": [BOX], "scores": [0.5]}], InvalidModelError, "labels"),
        ([{"boxes": [BOX], "scores": [0.5], "labels": [2]}], DimensionError, "the label 2"),
        ([{"boxes": [BOX], "scores": [0.5], "labels": [0.5]}], InvalidModelError, "numbers of classes"),
        ({"boxes": [[BOX]], "objectness": [[0.5]]}, InvalidModelError, "class_probs"),
        ({"boxes": [[BOX]], "objectness": [0.5], "class_probs": [[1.0]]}, DimensionError, "a dense detector"),
    ],
)
def test_outputs_that_cannot_be_are_refused(output, error, message):
    detector = Detector(lambda images: output, ([BOX], ["cat"]), class_names=["cat", "dog"])
    with pytest.raises(error, match=message):
        detector(IMAGE[None])


def test_a_class_beyond_those_of_the_detector_is_refused():
    with pytest.raises(DimensionError, match="the class 5, but the detector has 2"):
        Detector(always([BOX], [0.5], [[1.0, 0.0]]), ([BOX], [5]))(IMAGE[None])


def test_options_that_cannot_be_are_refused():
    detect = always([], [], [])
    with pytest.raises(OptionError, match="did you mean 'similarity'"):
        Detector(detect, attribute="similarty")
    with pytest.raises(OptionError, match="NHWC or NCHW"):
        Detector(detect, layout="HWC")
    with pytest.raises(InvalidModelError, match="must be a function of images"):
        Detector(None)
    with pytest.raises(OptionError, match="has no `targets`"):
        Detector(detect)(IMAGE[None])
    with pytest.raises(OptionError, match="nothing is detected"):
        Detector.of(detect, IMAGE)
    with pytest.raises(DimensionError, match="one image is needed"):
        Detector.of(detect, IMAGE[None])
    with pytest.raises(DimensionError, match="a batch of images"):
        Detector(detect, ([BOX], [0]))(np.zeros(5))
    assert "without targets" in repr(Detector(detect))


def test_an_error_of_the_detector_passes_as_it_is():
    error = RuntimeError("out of memory")

    def detect(images):
        raise error

    with pytest.raises(RuntimeError) as caught:
        Detector(detect, ([BOX], [0]))(IMAGE[None])
    assert caught.value is error


class Everywhere:
    """A detector that pickles."""

    def __call__(self, images):
        return [([BOX], [0.5], [[1.0]]) for _ in images]


def test_a_pickled_detector_says_the_same():
    detector = Detector.of(Everywhere(), IMAGE, min_score=0.4)
    again = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(again(IMAGE[None]), detector(IMAGE[None]))
    assert again.output_names == detector.output_names


def test_output_names_reach_the_model():
    detector = Detector.of(Everywhere(), IMAGE, min_score=0.4, class_names=["face"])
    assert as_model(detector).output_names == ["face 0.50 [4, 6, 20, 22]"]
