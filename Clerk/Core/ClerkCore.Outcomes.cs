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
        switch (result.Status)
        {
            case OperationStatus.Ok:
            case OperationStatus.NotFound:
            case OperationStatus.CompareFailed:
                operation.ResultFlag = result.Status == OperationStatus.Ok;
                operation.ResultVersion = result.Version;
                operation.ResultValue = result.Value;
                if (operation.Scan is { } scan) operation.ResultPage = Page(scan, result);
                Complete(operation);
                return true;

            case OperationStatus.ValueTooLarge:
                End(operation, ClerkError.ValueTooLarge, OperationOutcome.DidNotHappen,
                    $"The value would become longer than {_limits.MaxValueBytes} bytes by this append. Split it over several keys.");
                return true;

            case OperationStatus.DeadlinePassed:
                // Said by the log itself, and for every attempt of the operation.
                End(operation, ClerkError.DeadlineExceeded, OperationOutcome.DidNotHappen,
                    $"{operation.Kind} reached the log of {_group.Name} after its deadline and was refused there; it did not happen.");
                return true;

            case OperationStatus.Stale:
                End(operation, ClerkError.DeadlineExceeded, OperationOutcome.Unknown,
                    $"{operation.Kind} came so long after its deadline that {_group.Name} no longer knows whether it happened.");
                return true;

            default:
                operation.OpenAttempts--;
                if (IsCarriedBy(operation, attempt)) Park(operation, result, nowMs);
                return false;
        }
    }

    private void Park(ClerkOperation operation, in OperationResult result, long nowMs)
    {
        operation.Current = null;
        operation.Refusals++;
        operation.LastRefusal = result.Status == OperationStatus.Busy ? ClerkError.Busy : null;
        operation.LastProblem = result.Status switch
        {
            OperationStatus.Moving => "its shard is moving to another group",
            OperationStatus.WrongShard => $"{_group.Name} does not serve its shard",
            _ => $"{_group.Name} is at a limit",
        };
        int pause = Pause(operation.Refusals);
        if (result.Owner is { RetryAfterMs: > 0 } owner) pause = Math.Max(pause, Math.Min(owner.RetryAfterMs, _maxBackOffMs * 5));
        operation.NotBeforeMs = nowMs + pause;
        operation.State = OperationState.Parked;
        _parked.Add(operation);
    }

    private static ScanPage Page(ScanRequest request, in OperationResult result)
    {
        ScanItem[] items = new ScanItem[result.Items.Count];
        int count = 0;
        foreach (KeyValueItem item in result.Items) items[count++] = new ScanItem(item.Key, item.Value, item.Version);
        return new ScanPage(items, result.Continuation is { IsEmpty: false } after ? ScanToken.Create(request, after.Span) : null);
    }

    private void FailByDeadline(ClerkOperation operation)
    {
        ClerkError error = operation.LastRefusal == ClerkError.Busy && operation.OpenAttempts == 0 ? ClerkError.Busy : ClerkError.DeadlineExceeded;
        string outcome = operation.IsRead ? "" : operation.OpenAttempts == 0 ? " It did not happen." : " Whether it happened is not known.";
        _description ??= _group.Locator.Leader is { } leader
            ? $"leader: {leader.Address}"
            : $"no leader of {_group.Name} was found ({_group.Locator.Describe()})";
        string last = operation.LastProblem is null ? "" : $", last: {operation.LastProblem}";
        Fail(operation, error, $"{operation.Kind} did not end within {_timeoutMs} ms, {operation.Attempts} attempts; {_description}{last}.{outcome}");
    }

    /// <summary>Ends an operation with an error. It did not happen if no attempt is open.</summary>
    private void Fail(ClerkOperation operation, ClerkError error, string message) =>
        End(operation, error, operation.IsRead || operation.OpenAttempts == 0 ? OperationOutcome.DidNotHappen : OperationOutcome.Unknown, message);

    private void End(ClerkOperation operation, ClerkError error, OperationOutcome outcome, string message)
    {
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
        if (operation.State == OperationState.Queued) LaneOf(operation).Queue.Remove(operation);
        _deadlines.Remove(operation);
        _parked.Remove(operation);
        operation.Session?.Remove(operation);
        operation.Current = null;
        operation.State = OperationState.Done;
        Outstanding--;
        OutstandingBytes -= operation.Bytes;
    }
}
