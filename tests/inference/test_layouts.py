"""Public checkpoints compute what their authors' code computes, or are refused by the tensor that does not fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import Wav2Vec2ForSequenceClassification, Wav2Vec2Model, Wav2Vec2PreTrainedModel

from inference import layouts
from inference.errors import CheckpointUnavailable
from tests.inference.small_models import small_config

TOLERANCE = 1e-5


def configured(**changes: Any) -> Any:
    config = small_config()
    config.update({"classifier_proj_size": 12, **changes})
    return config


def emotions(*names: str) -> dict[str, Any]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: place for place, name in enumerate(names)}}


def sound() -> Tensor:
    torch.manual_seed(3)
    return torch.randn(3, 8000)


class PublishedHead(nn.Module):
    """The head of the published regression and pooling models, written down from their model cards."""

    def __init__(self, config: Any, last: str) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.dropout = nn.Dropout(0.1)
        setattr(self, last, nn.Linear(config.hidden_size, config.num_labels))
        self.last = last

    def forward(self, pooled: Tensor) -> Tensor:
        hidden = self.dropout(torch.tanh(self.dense(self.dropout(pooled))))
        return getattr(self, self.last)(hidden)


class PublishedModel(Wav2Vec2PreTrainedModel):
    """Encoder, pooling and `PublishedHead`, as the model cards have it."""

    def __init__(self, config: Any, last: str, pooling: str = "mean") -> None:
        super().__init__(config)
        self.wav2vec2 = Wav2Vec2Model(config)
        self.classifier = PublishedHead(config, last)
        self.pooling = pooling

    def forward(self, waveforms: Tensor) -> Tensor:
        frames = self.wav2vec2(waveforms)[0]
        pooled = {
            "mean": lambda: torch.mean(frames, dim=1),
            "sum": lambda: torch.sum(frames, dim=1),
            "max": lambda: torch.max(frames, dim=1)[0],
        }[self.pooling]()
        return self.classifier(pooled)


def furthest(model: layouts.PublicModel, reference: Tensor) -> float:
    with torch.inference_mode():
        return float((model.outputs(sound()) - reference).abs().max())


@pytest.mark.parametrize("weighted", [False, True])
def test_a_sequence_classifier_computes_as_transformers_does(weighted: bool) -> None:
    config = configured(use_weighted_layer_sum=weighted, **emotions("angry", "happy", "sad", "neutral"))
    torch.manual_seed(1)
    reference = Wav2Vec2ForSequenceClassification(config).eval()
    if weighted:
        nn.init.normal_(reference.layer_weights)
    model = layouts.build(config, reference.state_dict())
    with torch.inference_mode():
        assert furthest(model, reference(sound()).logits) <= TOLERANCE
    assert model.categories == ("angry", "happy", "sad", "neutral")
    assert model(sound()) == {}


def test_the_dimensional_layout_gives_arousal_and_valence_from_the_right_columns() -> None:
    config = configured(**emotions("arousal", "dominance", "valence"))
    torch.manual_seed(1)
    reference = PublishedModel(config, "out_proj").eval()
    model = layouts.build(config, reference.state_dict())
    with torch.inference_mode():
        raw = reference(sound())
        scores = model(sound())
    assert furthest(model, raw) <= TOLERANCE
    assert set(scores) == {"arousal", "valence"}
    torch.testing.assert_close(scores["arousal"], raw[:, 0].clamp(0, 1), atol=TOLERANCE, rtol=0)
    torch.testing.assert_close(scores["valence"], raw[:, 2].clamp(0, 1), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pooling", ["mean", "sum", "max"])
def test_a_pooling_classifier_pools_as_its_configuration_says(pooling: str) -> None:
    config = configured(pooling_mode=pooling, **emotions("anger", "joy"))
    torch.manual_seed(1)
    reference = PublishedModel(config, "out_proj", pooling).eval()
    model = layouts.build(config, reference.state_dict())
    with torch.inference_mode():
        assert furthest(model, reference(sound())) <= TOLERANCE


def test_the_layout_with_an_output_layer_computes_as_published() -> None:
    config = configured(**emotions("calm", "sad", "angry"))
    torch.manual_seed(1)
    reference = PublishedModel(config, "output").eval()
    model = layouts.build(config, reference.state_dict())
    with torch.inference_mode():
        assert furthest(model, reference(sound())) <= TOLERANCE


@pytest.mark.parametrize("prefix", ["", "wav2vec2."])
def test_an_encoder_alone_hears_and_scores_nothing(prefix: str) -> None:
    config = configured()
    encoder = Wav2Vec2Model(config).eval()
    model = layouts.build(config, {prefix + name: tensor for name, tensor in encoder.state_dict().items()})
    with torch.inference_mode():
        torch.testing.assert_close(model.wav2vec2(sound())[0], encoder(sound())[0], atol=TOLERANCE, rtol=0)
    assert model(sound()) == {}


def test_weights_from_before_pytorch_2_load_under_their_old_names() -> None:
    config = configured()
    encoder = Wav2Vec2Model(config).eval()
    old = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in encoder.state_dict().items()
    }
    assert set(old) != set(encoder.state_dict())
    model = layouts.build(config, old)
    with torch.inference_mode():
        torch.testing.assert_close(model.wav2vec2(sound())[0], encoder(sound())[0], atol=TOLERANCE, rtol=0)


def classifier_tensors() -> dict[str, Tensor]:
    return dict(Wav2Vec2ForSequenceClassification(configured(**emotions("a", "b"))).state_dict())


@pytest.mark.parametrize(
    "name", ["classifier.bias", "projector.weight", "wav2vec2.feature_projection.layer_norm.weight"]
)
def test_a_missing_tensor_is_named(name: str) -> None:
    tensors = classifier_tensors()
    del tensors[name]
    with pytest.raises(CheckpointUnavailable, match=rf"{name} is missing"):
        layouts.build(configured(**emotions("a", "b")), tensors)


def test_a_tensor_too_many_is_named() -> None:
    with pytest.raises(CheckpointUnavailable, match=r"lm_head\.weight has no place"):
        layouts.build(configured(**emotions("a", "b")), classifier_tensors() | {"lm_head.weight": torch.zeros(2)})


def test_a_tensor_of_another_shape_is_named_with_both_shapes() -> None:
    tensors = classifier_tensors() | {"classifier.weight": torch.zeros(5, 12)}
    with pytest.raises(CheckpointUnavailable, match=r"classifier\.weight has shape \(5, 12\) where \(2, 12\)"):
        layouts.build(configured(**emotions("a", "b")), tensors)


def test_the_vector_for_masking_may_be_there_or_not() -> None:
    tensors = classifier_tensors() | {"wav2vec2.masked_spec_embed": torch.zeros(16)}
    assert layouts.build(configured(**emotions("a", "b")), tensors).categories == ("a", "b")


def test_a_pooling_mode_that_nobody_knows_is_refused() -> None:
    config = configured(pooling_mode="median", **emotions("a", "b"))
    with pytest.raises(CheckpointUnavailable, match="median"):
        layouts.build(config, PublishedModel(config, "out_proj").state_dict())
