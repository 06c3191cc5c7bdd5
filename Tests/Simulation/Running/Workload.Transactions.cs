using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.KeyValue;
using History = Quorleans.Linearizability;

namespace Quorleans.Simulation;

/// <summary>Transactions on the keys of one tag: some only read, some write whatever was there, some only if nobody changed what was read last. In such runs they stand in for compare-and-sets,
/// which when they fail do not tell what they found: that would leave the checker of several keys too much to try.</summary>
internal sealed partial class Workload
{
    private const int KeysPerTag = 2;

    private string NameOf(int key) => _swarm.Transactions == 0 ? $"k{key}" : $"k{{{key / KeysPerTag}}}{key}";

    private void Transact(Caller caller)
    {
        int first = _random.Below(_swarm.Keys) / KeysPerTag * KeysPerTag;
        string[] keys = [.. Enumerable.Range(first, Math.Min(KeysPerTag, _swarm.Keys - first)).Select(NameOf)];
        string one = _random.Of(keys), other = _random.Of(keys);
        string token = string.Create(CultureInfo.InvariantCulture, $"{++_lastToken};"), second = string.Create(CultureInfo.InvariantCulture, $"{++_lastToken};");
        TransactionStep[] reads = [.. keys.Select(Do.Get)];
        TransactionStep[] writes = [_random.OneIn(6) ? Do.Delete(one) : Do.Put(one, token), Do.Append(other, second), .. reads];
        int dice = _random.Below(4);
        bool knows = caller.Known.TryGetValue(one, out (long Version, string? Value) known);
        Txn transaction = dice == 0 ? Txn.Of(reads)
            : dice == 1 || !knows ? Txn.Of(writes)
            : Txn.If(When.Version(one, known.Version)).Then(writes).Else(reads);
        History.TransactionCompare[] compares = transaction.Compares.IsEmpty ? [] : [new History.TransactionCompare(one, known.Value)];
        Call call = new(caller.Client, keys[0], new ClerkOperation(transaction), null, _world.NowUs)
        {
            Transaction = new History.Transaction(compares, Steps(transaction.ThenSteps, null), Steps(transaction.ElseSteps, null)),
        };
        Submit(caller, call, transaction.IsReadOnly ? "" : $"{token} {second}");
    }

    private static History.Operation Recorded(Call call, long end, bool unknown)
    {
        History.Transaction transaction = call.Transaction!;
        TxnResult? result = unknown ? null : call.Operation.ResultTransaction;
        Txn sent = call.Operation.Transaction!;
        if (result is { Succeeded: true }) transaction = transaction with { Then = Steps(sent.ThenSteps, result) };
        else if (result is not null) transaction = transaction with { Else = Steps(sent.ElseSteps, result) };
        return new History.Operation(
            call.Client, History.OperationKind.Txn, call.Key, "", null, null, result?.Succeeded, call.CallUs * 1_000, (end < 0 ? call.CallUs : end) * 1_000)
        {
            Transaction = transaction,
        };
    }

    private static History.TransactionStep[] Steps(ReadOnlySpan<TransactionStep> steps, TxnResult? result)
    {
        var recorded = new History.TransactionStep[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            History.OperationKind kind = steps[i].Kind switch
            {
                OperationKind.Put => History.OperationKind.Put,
                OperationKind.Append => History.OperationKind.Append,
                OperationKind.Delete => History.OperationKind.Delete,
                _ => History.OperationKind.Get,
            };
            recorded[i] = new History.TransactionStep(
                kind, Encoding.ASCII.GetString(steps[i].Key.Span), Encoding.ASCII.GetString(steps[i].Value.Span), result?.Steps[i].Text);
        }

        return recorded;
    }

    private static void Learn(Caller caller, TxnResult result)
    {
        foreach (TxnStepResult step in result.Steps)
            if (step.Kind == OperationKind.Get) caller.Known[Encoding.ASCII.GetString(step.Key.Span)] = (step.Version, step.Text);
    }
}
