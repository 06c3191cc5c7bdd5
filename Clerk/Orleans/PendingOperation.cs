using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>An operation that a caller awaits.</summary>
internal abstract class PendingOperation : ClerkOperation
{
    private CancellationTokenRegistration _registration;

    protected PendingOperation(OperationKind kind, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, long expectedVersion)
        : base(kind, key, value, expectedVersion)
    {
    }

    protected PendingOperation(ScanRequest request)
        : base(request)
    {
    }

    protected PendingOperation(Txn transaction)
        : base(transaction)
    {
    }

    /// <summary>Ends the waiting when the token is cancelled. Called before the operation is submitted.</summary>
    public void CancelBy(OrleansClerk clerk, CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled) return;
        _registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var (clerk, operation) = ((OrleansClerk, PendingOperation))state!;
                clerk.Forget(operation);
                operation.SetCanceled(token);
            },
            (clerk, this));
    }

    /// <summary>Tells the caller, after the core has ended the operation.</summary>
    public void Finish()
    {
        _registration.Unregister();
        if (Error is { } error) SetException(new ClerkException(error, Outcome, ErrorMessage!));
        else SetResult();
    }

    /// <summary>The caller stops waiting.</summary>
    protected abstract void SetCanceled(CancellationToken cancellationToken);

    /// <summary>The caller gets an exception.</summary>
    protected abstract void SetException(ClerkException exception);

    /// <summary>The caller gets the result.</summary>
    protected abstract void SetResult();
}

/// <summary>An operation that a caller awaits, with its kind of result.</summary>
internal abstract class PendingOperation<T> : PendingOperation
{
    // Continuations run elsewhere: one caller's code must not hold up the others' answers in the same batch.
    private readonly TaskCompletionSource<T> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected PendingOperation(OperationKind kind, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value = default, long expectedVersion = 0)
        : base(kind, key, value, expectedVersion)
    {
    }

    protected PendingOperation(ScanRequest request)
        : base(request)
    {
    }

    protected PendingOperation(Txn transaction)
        : base(transaction)
    {
    }

    /// <summary>What the caller awaits.</summary>
    public Task<T> Task => _source.Task;

    protected abstract T Result { get; }

    protected sealed override void SetCanceled(CancellationToken cancellationToken) => _source.TrySetCanceled(cancellationToken);

    protected sealed override void SetException(ClerkException exception) => _source.TrySetException(exception);

    protected sealed override void SetResult() => _source.TrySetResult(Result);
}

internal sealed class PendingGet(ReadOnlyMemory<byte> key) : PendingOperation<GetResult>(OperationKind.Get, key)
{
    protected override GetResult Result => new(ResultFlag, ResultValue, ResultVersion);
}

internal sealed class PendingWrite(OperationKind kind, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    : PendingOperation<long>(kind, key, value)
{
    protected override long Result => ResultVersion;
}

internal sealed class PendingDelete(ReadOnlyMemory<byte> key) : PendingOperation<bool>(OperationKind.Delete, key)
{
    protected override bool Result => ResultFlag;
}

internal sealed class PendingCompareAndSet(ReadOnlyMemory<byte> key, long expectedVersion, ReadOnlyMemory<byte> value)
    : PendingOperation<CompareAndSetResult>(OperationKind.CompareAndSet, key, value, expectedVersion)
{
    protected override CompareAndSetResult Result => new(ResultFlag, ResultVersion);
}

internal sealed class PendingTransaction(Txn transaction) : PendingOperation<TxnResult>(transaction)
{
    protected override TxnResult Result => ResultTransaction!;
}

internal sealed class PendingScan(ScanRequest request) : PendingOperation<ScanPage>(request)
{
    protected override ScanPage Result => ResultPage!;
}
