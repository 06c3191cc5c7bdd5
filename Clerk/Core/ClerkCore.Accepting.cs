using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>What is checked before an operation is taken on.</summary>
public sealed partial class ClerkCore
{
    private bool Accept(ClerkOperation operation)
    {
        if (operation.Kind == OperationKind.Scan) return AcceptScan(operation, operation.Scan!) && AcceptSize(operation);
        if (operation.Transaction is not null)
            return AcceptChecked(operation, BatchValidator.CheckTransaction(operation.Value.Span, _limits, _options.Shards)) && AcceptSize(operation);
        if (operation.Kind == OperationKind.CompareAndSet && operation.ExpectedVersion < 0)
            return Refuse(
                operation, ClerkError.Invalid, $"The expected version is {operation.ExpectedVersion}; versions are 0 (missing) or more.");
        return AcceptChecked(operation, BatchValidator.CheckKey(operation.Key.Length, _limits))
            && AcceptChecked(operation, BatchValidator.CheckValue(operation.Value.Length, _limits))
            && AcceptSize(operation);
    }

    private bool AcceptScan(ClerkOperation operation, ScanRequest request)
    {
        ReadOnlyMemory<byte> after = default;
        if (request.Continuation is not null && ScanToken.Read(request, request.Continuation, out after) is { } problem)
            return Refuse(operation, ClerkError.Invalid, problem);
        operation.ScanAfter = after;
        ReadOperation scan = ReadOperation.Scan(request.Prefix, request.From, request.To, after, request.Limit);
        return AcceptChecked(operation, BatchValidator.Check(scan, _limits));
    }

    private bool AcceptSize(ClerkOperation operation)
    {
        operation.Bytes = operation.Key.Length + operation.Value.Length + operation.ScanAfter.Length;
        if (operation.Scan is { } scan) operation.Bytes += scan.Prefix.Length + scan.From.Length + scan.To.Length;
        if (Outstanding >= _options.MaxOutstandingOperations)
            return Refuse(
                operation, ClerkError.Busy, $"{Outstanding} operations are outstanding in this Clerk, its limit. Wait for some to end, or raise {nameof(ClerkOptions.MaxOutstandingOperations)}.");
        if (Outstanding > 0 && OutstandingBytes + operation.Bytes > _options.MaxOutstandingBytes)
            return Refuse(
                operation, ClerkError.Busy, $"{OutstandingBytes} bytes are outstanding in this Clerk, and {operation.Bytes} more are over its limit of {_options.MaxOutstandingBytes}. Wait for some operations to end, or raise {nameof(ClerkOptions.MaxOutstandingBytes)}.");
        return true;
    }

    private bool AcceptChecked(ClerkOperation operation, in ValidationError error)
    {
        if (!error.IsError) return true;
        ClerkError reason = error.Reason switch
        {
            ValidationReason.KeyEmpty => ClerkError.KeyEmpty,
            ValidationReason.KeyTooLong => ClerkError.KeyTooLong,
            ValidationReason.ValueTooLarge => ClerkError.ValueTooLarge,
            ValidationReason.ManyShards => ClerkError.ManyShards,
            ValidationReason.TransactionTooLarge => ClerkError.TransactionTooLarge,
            _ => ClerkError.Invalid,
        };
        return Refuse(operation, reason, error.Message!);
    }

    private bool Refuse(ClerkOperation operation, ClerkError error, string message)
    {
        operation.Error = error;
        operation.Outcome = OperationOutcome.DidNotHappen;
        operation.ErrorMessage = message;
        operation.State = OperationState.Done;
        Effects.Completions.Add(operation);
        return false;
    }
}
