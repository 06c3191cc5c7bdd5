using System.Text;
using Quorleans.Clerk;
using Quorleans.Linearizability;
using Quorleans.Simulation;
using Operations = Quorleans.KeyValue.OperationKind;

namespace Quorleans.Labs.KeyValue;

/// <summary>The labs' Clerk: one call at a time, each tried until it succeeds. The real Clerk's core is inside, and every call is recorded.</summary>
/// <param name="lab">Where it works.</param>
/// <param name="history">Where its calls are recorded.</param>
/// <param name="clerk">The client process.</param>
/// <param name="id">Its number in histories.</param>
internal sealed class LabClerk(Lab lab, List<Operation> history, SimulatedClerk clerk, int id)
{
    internal int Id => id;

    internal string Name => clerk.Name;

    /// <summary>The value; empty when there is none.</summary>
    internal async Task<string> Get(string key) => await Call(Operations.Get, OperationKind.Get, key, "") ?? "";

    internal Task Put(string key, string value) => Call(Operations.Put, OperationKind.Put, key, value);

    internal Task Append(string key, string value) => Call(Operations.Append, OperationKind.Append, key, value);

    private async Task<string?> Call(Operations kind, OperationKind recorded, string key, string value)
    {
        ClerkOperation operation = kind == Operations.Get
            ? new ClerkOperation(kind, Encoding.UTF8.GetBytes(key))
            : new ClerkOperation(kind, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        TaskCompletionSource over = new();
        long call = lab.World.NowUs * 1000;
        clerk.Submit(operation, _ => over.SetResult());
        await over.Task;
        LabRun.Require(operation.Error is null, $"{recorded} of {key} failed: {operation.ErrorMessage}");
        string? read = kind == Operations.Get && operation.ResultFlag ? Encoding.UTF8.GetString(operation.ResultValue.Span) : null;
        history.Add(new Operation(id, recorded, key, value, null, read, true, call, lab.World.NowUs * 1000));
        return read;
    }
}
