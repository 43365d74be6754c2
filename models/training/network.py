"""The network: one multilingual encoder, four small heads.

Two ways of looking share the encoder. The finder sees plain text and tags persons; the reader sees text in
which one person's mentions are marked (token type 1) and says what that person does, and with what arguments.
"""

from __future__ import annotations

import torch
from torch import nn
from transformers import BertModel, BertPreTrainedModel
from transformers.modeling_outputs import ModelOutput

from models.labels import ARGUMENTS, FINDER, KIND_CLASSES, STATUSES


class DepartureNetwork(BertPreTrainedModel):
    """BERT with a finder head, and kind, status and argument heads for the marked person.

    Inputs have shape (batch, tokens). Outputs: finder (batch, tokens, 7), arguments (batch, tokens, 15),
    kind (batch, 4), status (batch, 5), all logits. Labels of -100 count for nothing.
    """

    def __init__(self, config):
        super().__init__(config)
        hidden = config.hidden_size
        self.bert = BertModel(config, add_pooling_layer=False)
        # e5's token states all point nearly the same way (cosines of 0.9), so that fresh heads hardly see what
        # differs. Each dimension is moved and stretched to mean 0 and spread 1 before the heads.
        self.shift = nn.Parameter(torch.zeros(hidden))
        self.stretch = nn.Parameter(torch.ones(hidden))
        self.dropout = nn.Dropout(0.1)
        self.finder = nn.Linear(hidden, len(FINDER))
        self.arguments = nn.Linear(hidden, len(ARGUMENTS))
        self.kind = nn.Sequential(
            nn.Linear(2 * hidden, hidden), nn.GELU(), nn.Dropout(0.1), nn.Linear(hidden, len(KIND_CLASSES))
        )
        self.status = nn.Sequential(
            nn.Linear(2 * hidden, hidden), nn.GELU(), nn.Dropout(0.1), nn.Linear(hidden, len(STATUSES))
        )
        self.post_init()

    @torch.no_grad()
    def standardise(self, batches) -> None:
        """Sets shift and stretch from the token states of some batches (dicts of input tensors)."""
        states = torch.cat(
            [
                self.bert(input_ids=b["input_ids"], attention_mask=b["attention_mask"]).last_hidden_state[
                    b["attention_mask"].bool()
                ]
                for b in batches
            ]
        )
        self.shift.copy_(states.mean(0))
        self.stretch.copy_(1 / states.std(0))

    def forward(
        self,
        input_ids,
        attention_mask,
        token_type_ids,
        finder_labels=None,
        argument_labels=None,
        kind_labels=None,
        status_labels=None,
    ):
        states = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        states = self.dropout((states - self.shift) * self.stretch)
        marked = token_type_ids.unsqueeze(-1).to(states.dtype)
        person = (states * marked).sum(1) / marked.sum(1).clamp(min=1)
        visible = attention_mask.unsqueeze(-1).to(states.dtype)
        # e5 was trained to say in the mean of its tokens, not in the first, what a text is about.
        whole = (states * visible).sum(1) / visible.sum(1)
        about = torch.cat([whole, person], dim=-1)
        logits = {
            "finder": self.finder(states),
            "arguments": self.arguments(states),
            "kind": self.kind(about),
            "status": self.status(about),
        }
        if finder_labels is None:
            return tuple(logits.values())
        parts = [
            _loss(logits["finder"], finder_labels),
            _loss(logits["arguments"], argument_labels),
            _loss(logits["kind"], kind_labels),
            0.5 * _loss(logits["status"], status_labels),
        ]
        return ModelOutput(loss=sum(parts), **logits)


def _loss(logits, labels):
    """Cross-entropy over what is labelled, zero where nothing is."""
    wanted = labels != -100
    if not wanted.any():
        return logits.sum() * 0.0
    return nn.functional.cross_entropy(logits[wanted].float(), labels[wanted])
