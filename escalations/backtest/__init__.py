"""What a draft of an escalation path would have done with the cases of the past, beside what happened."""
