namespace Quorleans.KeyValue;

/// <summary>
/// Makes a command happen exactly once, by the same rules as <see cref="WriteOperation"/>; reports of groups have none, since they are idempotent by
/// the ids in them.
/// </summary>
/// <param name="Client">Who sends it; none: no session.</param>
/// <param name="Sequence">The client's number for the command, from 1 on; every retry has the same.</param>
/// <param name="Floor">Every command of the client at or below it is acknowledged. Below <paramref name="Sequence"/>.</param>
/// <param name="DeadlineMs">The last log time of the controller's group, in milliseconds, at which it may be applied; the same in every retry. 0: none.</param>
public readonly record struct CommandSession(ClientId Client, long Sequence, long Floor = 0, long DeadlineMs = 0)
{
    /// <summary>Whether there is no session.</summary>
    public bool IsNone => Client.IsNone;
}
