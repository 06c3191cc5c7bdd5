namespace Quorleans.KeyValue;

/// <summary>A command's result.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Number">The number of the newest configuration after it.</param>
/// <param name="Subject">What a refusal is about: a gid, a shard or a node's name; empty when the status says all.</param>
public readonly record struct ControllerResult(ControllerStatus Status, long Number, string Subject = "")
{
    /// <summary>For a person: what happened, and the way out.</summary>
    public string Describe() => Status switch
    {
        ControllerStatus.Ok => $"Configuration {Number}.",
        ControllerStatus.GroupExists => $"Group {Subject} is in the configuration already; join another number, or let it leave first.",
        ControllerStatus.UnknownGroup => $"There is no group {Subject} in the configuration.",
        ControllerStatus.UnknownNode => $"No node '{Subject}' is known to this cluster; start it first, or name another.",
        ControllerStatus.NoNodes => $"Group {Subject} needs at least one node.",
        ControllerStatus.NodeTwice => $"Node '{Subject}' is named twice for one group; name each node once.",
        ControllerStatus.TooManyNodes => $"Group {Subject} has too many nodes.",
        ControllerStatus.TooMany => $"That would be more than {Subject}.",
        ControllerStatus.LastGroup => "The last group cannot leave: it holds the data. Join another first.",
        ControllerStatus.ShardOutOfRange => $"There is no shard {Subject}.",
        ControllerStatus.GroupLeaving => $"Group {Subject} still hands its shards over; wait until it is gone, or join it on the nodes that it has.",
        ControllerStatus.NodeInUse => $"Group {Subject} has a replica on that node; take it away first.",
        ControllerStatus.Compacted => $"That configuration is too old; the oldest that is kept has number {Subject}.",
        ControllerStatus.NotCurrent => "The report is about something that is over.",
        ControllerStatus.DeadlinePassed => "The command's deadline passed before it was done; it did not happen.",
        ControllerStatus.Stale => "The command was given up before; whether it happened is not known. Look at the configuration.",
        ControllerStatus.Busy => "The controller has too many unacknowledged commands; try again later.",
        _ => Status.ToString(),
    };
}
