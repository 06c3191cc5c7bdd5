using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>How operations end.</summary>
public sealed partial class ClerkCore
{
    /// <summary>Takes one operation's result from a batch's.</summary>
    /// <returns>Whether it is an end, and not a refusal for now.</returns>
    private bool Settle(ClerkOperation operation, ClerkAttempt attempt, in OperationResult result, long nowMs)
    {
        if (operation.IsDone) return true;
        GroupState group = attempt.Group;
        switch (result.Status)
        {
            case OperationStatus.Ok:
            case OperationStatus.NotFound:
            case OperationStatus.CompareFailed:
                if (operation is ScanPart part)
                {
                    Settle(part, result, nowMs);
                    return true;
                }

                if (operation.Transaction is { } transaction && !SettleTransaction(operation, transaction, result)) return true;
                operation.ResultFlag = result.Status == OperationStatus.Ok;
                operation.ResultVersion = result.Version;
                operation.ResultValue = result.Value;
                if (operation.Shard is { Refusals: > 0 } shard && shard.Group == group) shard.Served();
                Complete(operation);
                return true;

            case OperationStatus.ValueTooLarge:
                End(operation, ClerkError.ValueTooLarge, OperationOutcome.DidNotHappen,
                    $"The value would become longer than {_limits.MaxValueBytes} bytes by {(operation.Transaction is null ? "this append" : "an append of this transaction")}. Split it over several keys.");
                return true;

            case OperationStatus.ResultTooLarge:
                End(operation, ClerkError.ResultTooLarge, OperationOutcome.DidNotHappen,
                    $"The values that the transaction reads have more than {_limits.MaxTransactionResultBytes} bytes together. Read some of them by themselves.");
                return true;

            case OperationStatus.DeadlinePassed:
                // Said by the log itself, and for every attempt of the operation.
                End(operation, ClerkError.DeadlineExceeded, OperationOutcome.DidNotHappen,
                    $"{operation.Kind} reached the log of {group.Name} after its deadline and was refused there; it did not happen.");
                return true;

            case OperationStatus.Stale:
                End(operation, ClerkError.DeadlineExceeded, OperationOutcome.Unknown,
                    $"{operation.Kind} came so long after its deadline that {group.Name} no longer knows whether it happened.");
                return true;

            case OperationStatus.WrongShard or OperationStatus.Moving when operation.Shard is { } elsewhere:
                if (!attempt.MayBeCopy) operation.OpenAttempts--;
                if (result.Status == OperationStatus.Moving) operation.MovingSinceMs ??= nowMs;
                LearnHint(elsewhere, result.Owner);
                if (IsCarriedBy(operation, attempt)) Redirect(operation, group, result, nowMs);
                return false;

            default:
                if (!attempt.MayBeCopy) operation.OpenAttempts--;
                if (!IsCarriedBy(operation, attempt)) return false;
                operation.Current = null;
                operation.LastRefusal = ClerkError.Busy;
                operation.LastProblem = $"{group.Name} is at a limit";
                ParkUntil(operation, nowMs + Pause(++operation.Refusals));
                return false;
        }
    }

    private bool SettleTransaction(ClerkOperation operation, Txn transaction, in OperationResult result)
    {
        operation.ResultTransaction = TxnResult.Read(transaction, result.Status == OperationStatus.Ok, result.Value);
        if (operation.ResultTransaction is not null) return true;
        End(operation, ClerkError.Invalid, operation.IsRead ? OperationOutcome.DidNotHappen : OperationOutcome.Unknown,
            "The replica's answer does not fit to the transaction. It may be of another version of this program.");
        return false;
    }

    /// <summary>The group does not serve the operation's shard. On to the one that does, or aside until it can be asked again.</summary>
    private void Redirect(ClerkOperation operation, GroupState group, in OperationResult result, long nowMs)
    {
        operation.Current = null;
        operation.LastRefusal = null;
        bool isMoving = result.Status == OperationStatus.Moving;
        operation.LastProblem = isMoving ? "its shard is moving to another group" : $"{group.Name} does not serve its shard";
        ShardState shard = operation.Shard!;
        if (!isMoving && shard.Group != group)
        {
            Enqueue(operation);
            return;
        }

        if (!isMoving || shard.Refusals >= DoubtAfterRefusals) WantMap();
        int pause = ShardPause(shard.Refusals + 1);
        if (result.Owner is { RetryAfterMs: > 0 } owner) pause = Math.Max(pause, Math.Min(owner.RetryAfterMs, _maxBackOffMs * 5));
        shard.Pause(nowMs, pause);
        ParkUntil(operation, shard.NotBeforeMs);
    }

    private void FailByDeadline(ClerkOperation operation)
    {
        GroupState group = _nobody;
        if (operation.Gather is null)
        {
            group = GroupOf(operation);
        }
        else if (operation.Gather.Waiting is [var part, ..])
        {
            group = part.Group;
            operation.Attempts += part.Attempts;
            (operation.LastRefusal, operation.LastProblem) = (part.LastRefusal, part.LastProblem ?? operation.LastProblem);
        }

        ClerkError error = operation.LastRefusal == ClerkError.Busy && operation.OpenAttempts == 0 ? ClerkError.Busy : ClerkError.DeadlineExceeded;
        string outcome = operation.IsRead ? "" : operation.OpenAttempts == 0 ? " It did not happen." : " Whether it happened is not known.";
        string last = operation.LastProblem is null ? "" : $", last: {operation.LastProblem}";
        Fail(operation, error, $"{operation.Kind} did not end within {_timeoutMs} ms, {operation.Attempts} attempts; {Describe(group)}{last}.{outcome}");
    }

    private string Describe(GroupState group)
    {
        if (_described == group) return _description!;
        _described = group;
        string controller = _controller is null ? "" : $"; controller: {_mapProblem ?? _controller.Locator.Describe()}";
        _description = group == _nobody
            ? $"no group serves its shard{controller}"
            : group.Locator.Leader is { } leader
                ? $"leader: {leader.Address}"
                : $"no leader of {group.Name} was found ({group.Locator.Describe()})";
        return _description;
    }

    /// <summary>Ends an operation with an error. It did not happen if no attempt is open.</summary>
    private void Fail(ClerkOperation operation, ClerkError error, string message) =>
        End(operation, error, operation.IsRead || operation.OpenAttempts == 0 ? OperationOutcome.DidNotHappen : OperationOutcome.Unknown, message);

    private void End(ClerkOperation operation, ClerkError error, OperationOutcome outcome, string message)
    {
        if (operation is ScanPart part) operation = part.Whole.Scan;
        operation.Error = error;
        operation.Outcome = outcome;
        operation.ErrorMessage = message;
        Complete(operation);
    }

    private void Complete(ClerkOperation operation)
    {
        Leave(operation);
        Effects.Completions.Add(operation);
    }

    private void Leave(ClerkOperation operation)
    {
        if (operation.State == OperationState.Queued) operation.Lane!.Queue.Remove(operation);
        _deadlines.Remove(operation);
        _parked.Remove(operation);
        if (operation.Gather is { } gather) DropParts(gather);
        else if (!operation.IsRead) operation.Shard!.Session.Remove(operation);
        operation.Current = null;
        operation.State = OperationState.Done;
        Outstanding--;
        OutstandingBytes -= operation.Bytes;
    }
}
