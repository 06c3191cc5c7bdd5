using Orleans.Concurrency;

namespace Quorleans.GrainInterfaces;

/// <summary>
/// The shard controller's face: finds the leader of its group (<c>ctl</c>) and hands on what it is given. The key is <c>ctl</c>. It decides nothing and
/// holds nothing that matters, so a second activation by mistake would be harmless.
/// </summary>
[Alias("Quorleans.IShardControllerGrain")]
public interface IShardControllerGrain : IGrainWithStringKey
{
    /// <summary>The key of the one there is.</summary>
    const string Key = "ctl";

    /// <summary>Carries a command or a query, encoded as the shard controller's codec says, to the leader, and brings its answer.</summary>
    /// <param name="request">The command, which may be repeated as it is when its outcome is unknown, or the query.</param>
    [AlwaysInterleave, Alias("Submit")]
    Task<SubmitReply> Submit(SubmitRequest request);

    /// <summary>The newest configuration as the dashboard shows it.</summary>
    [AlwaysInterleave, Alias("GetState")]
    Task<ShardControllerStatus> GetState();
}
