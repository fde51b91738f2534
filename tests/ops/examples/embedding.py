from __future__ import annotations

from tests.ops.cases import no, ok

EXAMPLES = [
    ok("Embedding", "N L:int64", num_embeddings=50, embedding_dim=8),
    ok("Embedding", "N:int32", num_embeddings=3, embedding_dim=8, padding_idx=1),
    ok("Embedding", "N 3 H W:int64", num_embeddings=40, embedding_dim=5, padding_idx=-1),
    ok("Embedding", "0 5:int64", num_embeddings=1, embedding_dim=1, scale_grad_by_freq=True, sparse=True),
    ok("Embedding", "N 0:int64", num_embeddings=0, embedding_dim=3),
    ok("Embedding", "N L:int64", num_embeddings=4, embedding_dim=0),
]

REFUSED = [
    no("num_embeddings", "Embedding", "N L:int64", num_embeddings=0, embedding_dim=8),
    no("num_embeddings", "Embedding", "N L:int64", num_embeddings=-1, embedding_dim=8),
    no("embedding_dim", "Embedding", "N L:int64", num_embeddings=4, embedding_dim=-1),
    no("padding_idx", "Embedding", "N L:int64", num_embeddings=4, embedding_dim=8, padding_idx=4),
    no("padding_idx", "Embedding", "N L:int64", num_embeddings=4, embedding_dim=8, padding_idx=-5),
    no(0, "Embedding", "N L", num_embeddings=4, embedding_dim=8),
    no(0, "Embedding", "N L:uint8", num_embeddings=4, embedding_dim=8),
]
