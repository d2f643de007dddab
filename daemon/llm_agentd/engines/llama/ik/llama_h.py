"""The part of ik_llama.cpp's `llama.h` that the binding calls, written down for ctypes. Pure: no library is loaded.

From the header in the wheel of 0.1.5, in its order. `library` checks that the library which is found has these.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char_p,
    c_float,
    c_int,
    c_int8,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
)
from ctypes import c_void_p as address  # of models, contexts, grammars: opaque
from typing import Any


def _struct(name: str, *fields: tuple[str, Any]) -> Any:
    return type(name, (Structure,), {"_fields_": list(fields)})


def _all(kind: Any, names: str) -> tuple[tuple[str, Any], ...]:
    return tuple((name, kind) for name in names.split())


ModelParams = _struct(
    "llama_model_params",
    ("devices", c_char_p),
    *_all(c_int32, "n_gpu_layers mla split_mode main_gpu max_gpu ncmoe type_k type_v"),
    ("max_ctx_size", c_uint32),
    *_all(c_int32, "n_seq_max n_ubatch amb fit_margin"),
    ("fit", c_bool),
    *_all(c_int32, "worst_graph_tokens type_k_first type_k_last type_v_first type_v_last"),
    *_all(c_int32, "n_k_first n_k_last n_v_first n_v_last"),
    *_all(address, "tensor_split rpc_servers progress_callback progress_callback_user_data"),
    *_all(address, "kv_overrides tensor_buft_overrides"),
    *_all(c_bool, "vocab_only use_mmap use_mlock check_tensors repack_tensors use_thp validate_quants"),
    *_all(c_bool, "merge_qkv merge_up_gate_exps mtp dry_run flash_attn"),
)
ContextParams = _struct(
    "llama_context_params",
    *_all(c_uint32, "seed n_ctx n_batch n_ubatch n_seq_max n_threads n_threads_batch"),
    *_all(c_int32, "max_extra_alloc worst_case_tokens rope_scaling_type pooling_type attention_type"),
    *_all(c_float, "rope_freq_base rope_freq_scale yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow"),
    ("yarn_orig_ctx", c_uint32),
    ("defrag_thold", c_float),
    *_all(address, "cb_eval cb_eval_user_data"),
    *_all(c_int, "type_k type_v type_reduce type_k_first type_k_last type_v_first type_v_last"),
    *_all(c_int32, "n_k_first n_k_last n_v_first n_v_last"),
    *_all(c_bool, "logits_all embeddings offload_kqv flash_attn"),
    *_all(c_int, "mla_attn attn_max_batch"),
    *_all(c_bool, "fused_moe_up_gate grouped_expert_routing fused_up_gate fused_mmad rope_cache graph_reuse"),
    ("min_experts", c_int),
    ("thresh_experts", c_float),
    *_all(c_bool, "only_active_experts k_cache_hadamard v_cache_hadamard split_mode_graph_scheduling"),
    *_all(c_bool, "scheduler_async mtp"),
    ("mtp_op_type", c_int),
    *_all(address, "abort_callback abort_callback_data offload_policy cuda_params"),
)
Batch = _struct(
    "llama_batch",
    ("n_tokens", c_int32),
    ("token", POINTER(c_int32)),
    ("embd", POINTER(c_float)),
    ("pos", POINTER(c_int32)),
    ("n_seq_id", POINTER(c_int32)),
    ("seq_id", POINTER(POINTER(c_int32))),
    ("logits", POINTER(c_int8)),
    *_all(c_int32, "all_pos_0 all_pos_1 all_seq_id"),
)
TokenData = _struct("llama_token_data", ("id", c_int32), ("logit", c_float), ("p", c_float))
Candidates = _struct(
    "llama_token_data_array",
    ("data", POINTER(TokenData)),
    ("size", c_size_t),
    ("selected", c_int64),
    ("sorted", c_bool),
)
ChatMessage = _struct("llama_chat_message", ("role", c_char_p), ("content", c_char_p))

_CANDIDATES = POINTER(Candidates)
_TOKENS = POINTER(c_int32)
LogCallback = CFUNCTYPE(None, c_int, c_char_p, address)
# name: (what it returns, arguments).
FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "llama_model_default_params": (ModelParams, ()),
    "llama_context_default_params": (ContextParams, ()),
    "llama_backend_init": (None, ()),
    "llama_model_load_from_file": (address, (c_char_p, ModelParams)),
    "llama_free_model": (None, (address,)),
    "llama_init_from_model": (address, (address, ContextParams)),
    "llama_free": (None, (address,)),
    "llama_model_get_vocab": (address, (address,)),
    "llama_vocab_type": (c_int, (address,)),
    "llama_vocab_n_tokens": (c_int32, (address,)),
    "llama_vocab_bos": (c_int32, (address,)),
    "llama_vocab_get_add_bos": (c_bool, (address,)),
    "llama_vocab_get_text": (c_char_p, (address, c_int32)),
    "llama_vocab_is_eog": (c_bool, (address, c_int32)),
    "llama_vocab_tokenize": (c_int32, (address, c_char_p, c_int32, _TOKENS, c_int32, c_bool, c_bool)),
    "llama_token_to_piece_vocab": (c_int32, (address, c_int32, c_char_p, c_int32, c_int32, c_bool)),
    "llama_chat_apply_template": (c_int32, (c_char_p, POINTER(ChatMessage), c_size_t, c_bool, c_char_p, c_int32)),
    "llama_kv_cache_seq_rm": (c_bool, (address, c_int32, c_int32, c_int32)),
    "llama_kv_cache_defrag": (None, (address,)),
    "llama_kv_cache_update": (c_int32, (address,)),
    "llama_state_seq_get_size": (c_size_t, (address, c_int32, c_uint32)),
    "llama_state_seq_get_data": (c_size_t, (address, address, c_size_t, c_int32, c_uint32)),
    "llama_state_seq_set_data": (c_size_t, (address, address, c_size_t, c_int32, c_uint32)),
    "llama_batch_get_one": (Batch, (_TOKENS, c_int32, c_int32, c_int32)),
    "llama_batch_init": (Batch, (c_int32, c_int32, c_int32)),
    "llama_batch_free": (None, (Batch,)),
    "llama_decode": (c_int32, (address, Batch)),
    "llama_get_logits_ith": (POINTER(c_float), (address, c_int32)),
    "llama_sampler_init_grammar": (address, (address, c_char_p, c_char_p)),
    "llama_grammar_free": (None, (address,)),
    "llama_grammar_sample": (None, (address, address, _CANDIDATES)),
    "llama_grammar_accept_token": (None, (address, address, c_int32)),
    "llama_sample_repetition_penalties": (
        None,
        (address, _CANDIDATES, _TOKENS, c_size_t, c_float, c_float, c_float),
    ),
    "llama_sample_softmax": (None, (address, _CANDIDATES)),
    "llama_sample_top_k": (None, (address, _CANDIDATES, c_int32, c_size_t)),
    "llama_sample_top_p": (None, (address, _CANDIDATES, c_float, c_size_t)),
    "llama_sample_min_p": (None, (address, _CANDIDATES, c_float, c_size_t)),
    "llama_sample_temp": (None, (address, _CANDIDATES, c_float)),
    "llama_sample_token_greedy": (c_int32, (address, _CANDIDATES)),
    "llama_log_set": (None, (LogCallback, address)),
}
# What `sizeof` says in llama.h of 0.1.5 for x86-64: the layouts above are of these sizes, or they were written wrong.
HEADER_SIZES = {ModelParams: 168, ContextParams: 216, Batch: 72, TokenData: 12, Candidates: 32, ChatMessage: 16}
