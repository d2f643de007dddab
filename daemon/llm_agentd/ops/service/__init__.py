"""`llm-agentd install-service` and `uninstall-service`: the systemd units, written, started, and taken away again."""

from llm_agentd.ops.service.machine import install, uninstall
from llm_agentd.ops.service.user import install_for_user, uninstall_for_user

__all__ = ["install", "install_for_user", "uninstall", "uninstall_for_user"]
