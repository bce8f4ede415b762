"""Regions of images as players, and what hides them."""

from typing import Any

from ferroshap.errors import InvalidMaskerError
from ferroshap.inputs.images import Images, checked_layout, checked_size, read_images
from ferroshap.maskers.image_fills import Filling
from ferroshap.maskers.image_regions import Segmentation
from ferroshap.maskers.masker import Masker


class Image(Masker):
    r"""Cut images into regions, and hide those that a coalition lacks.

    The worth of a coalition is the model on the image whose other regions are replaced. By default regions are the
    nodes of a binary tree that follows the image's colours, and values Owen values, split where most is at stake.

    Parameters
    ----------
    mask_value : str, number, array or callable
        What hidden pixels become.

        - ``"blur"``: three box blurs, of a sixth of the shorter side (at least 3 pixels);
          ``"blur(kx,ky)"``: one box blur of that width and height, as in shap.
        - A number, a colour of one number a channel, an image; ``"mean"``: the image's mean colour.
        - ``"segment_mean"``: each region's own mean colour, for regions larger than cells. Hides texture, not colour.
        - ``"fill"``: the visible pixels around, for each coalition anew (pull-push); ``"inpaint_telea"``,
          ``"inpaint_ns"``: the same by OpenCV where it is installed, fifty times slower.
        - Background images ``(m, *shape)``: the worth is the weighted mean over all of them, `m` model rows each.
        - A function ``(image, hidden) -> image`` of an image with channels last and a bool array ``(H, W)``. What it
          does to visible pixels is ignored.
    shape : tuple of int, optional
        The size of an image in the layout of the model: ``(H, W, C)``, or ``(C, H, W)``; ``(H, W)`` for grey images.
        Needed where images are grey, or come as flat rows, which the model then gets as well.
    segments : {"bpt", "axis", "grid", "slic"}, "slic(k)", pair of int or int array of shape ``(H, W)``
        The regions. "bpt": a binary partition tree of cells, joined by colour, border and size. "axis": halves of
        halves of the image, as in shap. ``(rows, cols)``: a grid; "grid" is 8 x 8. "slic": about `k` superpixels,
        100 unless named. An array: the user's own labels, where -1 is never hidden.
    tree : bool
        Join a grid, superpixels or the user's regions to a tree by colour, too.
    cell : int, optional
        Side of the cells of "bpt" and "axis" in pixels; by default 2 from 128 x 128 pixels on, else 1.
    layout : {"NHWC", "NCHW"}
        Where the model wants the channels.
    value_range : tuple of two numbers, optional
        The darkest and the brightest value, for colours; by default 0 to 255 for bytes, else those of the image.
    weights : array of shape ``(m,)``, optional
        Weights of background images.

    Raises
    ------
    OptionError, DimensionError
        For what is not known, or does not fit.
    InvalidMaskerError
        For inpainting without OpenCV, and "segment_mean" of cells.

    Notes
    -----
    Each node of a tree that is split takes 2 evaluations. Beyond the model an evaluation of 224 x 224 x 3 takes about
    0.15 ms, "fill" 1 ms, a function of the user's what it takes. The tree itself takes some 10 ms at 224 x 224 pixels
    and a second at 1,024 x 1,024, where ``cell=4`` makes it four times faster.

    References
    ----------
    Rashid, Amparore, Ferrari, Verda (2026), "ShapBPT: image feature attributions using data-aware binary partition
    trees"; Achanta et al. (2012), "SLIC superpixels compared to state-of-the-art superpixel methods".

    Examples
    --------
    The upper half of a grey image is what the model looks at:

    >>> import numpy as np
    >>> from ferroshap import Explainer
    >>> image = np.arange(16.0).reshape(1, 4, 4)
    >>> explainer = Explainer(lambda X: X[:, :2].sum(axis=(1, 2)), Image(0.0, (4, 4), segments=(2, 2)))
    >>> explainer(image).values[0]
    array([[2.5, 2.5, 4.5, 4.5],
           [2.5, 2.5, 4.5, 4.5],
           [0. , 0. , 0. , 0. ],
           [0. , 0. , 0. , 0. ]])
    """

    takes_images = True
    shape: Any = None

    def __init__(
        self,
        mask_value: Any = "blur",
        shape: Any = None,
        *,
        segments: Any = "bpt",
        tree: bool = False,
        cell: int | None = None,
        layout: str = "NHWC",
        value_range: tuple[float, float] | None = None,
        weights: Any = None,
    ) -> None:
        """Read what hides regions, and how they are cut; no image is seen yet."""
        self.layout = checked_layout(layout)
        self.shape = checked_size(shape, self.layout)
        self.segmentation = Segmentation(segments, tree, cell, value_range)
        self.filling = Filling(mask_value, weights, self.shape, self.layout)
        if self.filling.kind == "segment_mean" and self.segmentation.kind in {"bpt", "axis"}:
            msg = (
                f"`mask_value='segment_mean'` was given with segments={self.segmentation.kind!r}, whose cells are too "
                "small to have a mean: pass segments='slic' or a grid, or mask_value='blur'"
            )
            raise InvalidMaskerError(msg)

    def read(self, images: Any, argument: str = "X") -> Images:
        """Read images, and check that the fill fits them."""
        found = read_images(images, self.shape, self.layout, argument=argument)
        self.filling.check_size(found.size)
        return found

    @property
    def n_fills(self) -> int:
        """Model rows of one evaluation: background images, or one."""
        return len(self.filling.weights)

    @property
    def n_background(self) -> int:
        """The same, as of other maskers."""
        return self.n_fills

    @property  # type: ignore[misc]  # pixels cannot be given names
    def feature_names(self) -> list[str] | None:
        """Pixels have no names."""
        return None

    def __str__(self) -> str:
        """Say what players are and what hides them."""
        return f"players are {self.segmentation}, and hidden ones are {self.filling}"

    def __repr__(self) -> str:
        """Name the fill, the regions and the size."""
        filling = {"values": "<values>", "call": "<function>"}.get(self.filling.kind, repr(self.filling.kind))
        if self.filling.boxes is not None:
            filling = f"'blur({self.filling.boxes[0]},{self.filling.boxes[1]})'"
        shape = "" if self.shape is None else f", shape={self.shape}"
        return f"Image({filling}{shape}, segments={self.segmentation!r})"
