using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

internal sealed partial class Shard
{
    private ResultBatchBuilder? _transactionResults;

    /// <summary>Runs a transaction that only reads.</summary>
    /// <param name="body">The transaction; its shape was checked.</param>
    /// <param name="limits">The cluster's limits.</param>
    public CachedResult Read(ReadOnlySpan<byte> body, KeyValueLimits limits)
    {
        TransactionPlan plan = Plan(body, limits);
        return plan.Problem == OperationStatus.None ? Run(body, plan, limits) : Done(plan.Problem, 0);
    }

    /// <summary>
    /// Finds out what a transaction will do, and changes nothing: so it is done as a whole or not at all.
    /// </summary>
    private TransactionPlan Plan(ReadOnlySpan<byte> body, KeyValueLimits limits)
    {
        var reader = new TransactionReader(body);
        bool holds = true;
        int compares = reader.Count();
        for (int i = 0; i < compares; i++)
        {
            reader.ReadCompare(out TransactionCompareView compare);
            ref readonly Item item = ref _data.Find(compare.Key);
            holds &= Unsafe.IsNullRef(in item) ? compare.Holds(0, default) : compare.Holds(item.Version, item.Value);
        }

        int count = reader.Count();
        if (!holds)
        {
            for (int i = 0; i < count; i++) reader.ReadStep(out _);
            count = reader.Count();
        }

        var plan = new TransactionPlan { Holds = holds, Start = reader.Position, Count = count };
        Span<int> starts = count <= 256 ? stackalloc int[count] : new int[count];
        long read = 0;
        for (int i = 0; i < count; i++)
        {
            starts[i] = reader.Position;
            reader.ReadStep(out TransactionStepView step);
            if (step.Kind is not (OperationKind.Append or OperationKind.Get)) continue;
            long length = LengthBefore(body, starts[..i], step.Key);
            if (step.Kind == OperationKind.Get) read += length;
            else if (length + step.Value.Length > limits.MaxValueBytes) plan.Problem = OperationStatus.ValueTooLarge;
        }

        plan.ResultBytes = ResultBatchBuilder.MaxHeaderBytes + read + count * KeyValueLimits.TransactionResultOverhead;
        if (read > limits.MaxTransactionResultBytes && plan.Problem == OperationStatus.None) plan.Problem = OperationStatus.ResultTooLarge;
        return plan;
    }

    /// <summary>A value's length after the steps before, which did not run yet.</summary>
    private long LengthBefore(ReadOnlySpan<byte> body, ReadOnlySpan<int> steps, ReadOnlySpan<byte> key)
    {
        long added = 0;
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            new TransactionReader(body, steps[i]).ReadStep(out TransactionStepView step);
            if (step.Kind == OperationKind.Get || !step.Key.SequenceEqual(key)) continue;
            if (step.Kind != OperationKind.Append) return added + step.Value.Length;
            added += step.Value.Length;
        }

        ref readonly Item item = ref _data.Find(key);
        return added + (Unsafe.IsNullRef(in item) ? 0 : item.Length);
    }

    private CachedResult Run(ReadOnlySpan<byte> body, in TransactionPlan plan, KeyValueLimits limits)
    {
        ResultBatchBuilder results = _transactionResults ??= new ResultBatchBuilder();
        results.Begin(plan.Count);
        var reader = new TransactionReader(body, plan.Start);
        for (int i = 0; i < plan.Count; i++)
        {
            reader.ReadStep(out TransactionStepView step);
            switch (step.Kind)
            {
                case OperationKind.Put:
                    results.Add(OperationStatus.Ok, Set(step.Key, step.Value));
                    break;
                case OperationKind.Append:
                    results.Add(OperationStatus.Ok, Append(step.Key, step.Value, limits.MaxValueBytes).Version);
                    break;
                case OperationKind.Delete:
                    results.Add(Delete(step.Key) ? OperationStatus.Ok : OperationStatus.NotFound, 0);
                    break;
                default:
                    ref readonly Item item = ref _data.Find(step.Key);
                    if (Unsafe.IsNullRef(in item)) results.Add(OperationStatus.NotFound, 0);
                    else results.AddValue(item.Value, item.Version);
                    break;
            }
        }

        return Done(plan.Holds ? OperationStatus.Ok : OperationStatus.CompareFailed, 0) with { Body = results.ToArray() };
    }

    /// <summary>What a transaction will do.</summary>
    private struct TransactionPlan
    {
        /// <summary>Whether all comparisons hold.</summary>
        public bool Holds;

        /// <summary>Where in the transaction the branch's first step is.</summary>
        public int Start;

        /// <summary>How many steps the branch has.</summary>
        public int Count;

        /// <summary>How many bytes the results take at most.</summary>
        public long ResultBytes;

        /// <summary>Why it cannot be done; None when it can.</summary>
        public OperationStatus Problem;
    }
}
