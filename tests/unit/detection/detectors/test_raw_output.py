import torch
from torchvision.ops import roi_align

from job.detection.detectors.raw_output import ImageBatch, MapFeatures, RowFeatures

FILL = torch.tensor([1, 2, 3], dtype=torch.uint8)


def test_images_of_different_sizes_share_a_canvas() -> None:
    """Each lies in the upper left corner, and the detector's colour fills the rest."""
    wide = torch.full((3, 2, 4), 9, dtype=torch.uint8)
    high = torch.full((3, 5, 1), 8, dtype=torch.uint8)
    batch = ImageBatch.of([wide, high], FILL)
    assert batch.sizes_hw == ((2, 4), (5, 1))
    assert batch.pixels_BCHW.shape == (2, 3, 5, 4)
    assert torch.equal(batch.pixels_BCHW[0, :, :2], wide)
    assert torch.equal(batch.pixels_BCHW[1, :, :, :1], high)
    assert batch.pixels_BCHW[0, :, 4, 3].tolist() == [1, 2, 3]
    assert batch.pixels_BCHW[1, :, 0, 1].tolist() == [1, 2, 3]


def test_a_map_need_not_be_square() -> None:
    """A map of 20 x 10 cells over 320 x 160 pixels: as torchvision's RoIAlign with one cell."""
    fine = torch.randn(1, 4, 10, 20, generator=torch.Generator().manual_seed(0))
    boxes = torch.tensor([[16.0, 16.0, 300.0, 120.0], [0.0, 0.0, 320.0, 160.0]])
    expected = roi_align(fine, [boxes], output_size=1, spatial_scale=1 / 16, aligned=True)
    found = MapFeatures(fine, (160, 320)).of([], [boxes])
    torch.testing.assert_close(found, expected.flatten(1), atol=1e-5, rtol=0)


def test_candidates_have_their_own_rows() -> None:
    """Of two images, in the order that is asked for."""
    values = torch.arange(12.0).view(2, 3, 2)
    rows = [torch.tensor([2, 0]), torch.tensor([1])]
    found = RowFeatures(values).of(rows, [])
    assert found.tolist() == [[4, 5], [0, 1], [8, 9]]
    assert RowFeatures(values)[1:].of([torch.tensor([0])], []).tolist() == [[6, 7]]
