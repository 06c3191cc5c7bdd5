using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Hosting;

/// <summary>Carries the messages of the group <c>members</c> over HTTP/2, since Orleans carries nothing before it has that group's table; all others go as grain calls.</summary>
/// <param name="peers">Reaches the nodes.</param>
/// <param name="members">The group's name.</param>
/// <param name="others">Carries the other groups' messages.</param>
internal sealed class HttpRaftTransport(PeerClient peers, string members, IRaftTransport others) : IRaftTransport
{
    // Raft sends again long before; this only bounds how many requests to a silent node pile up.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) =>
        group.Name == members ? SendAsync(to.Node, frame) : others.SendAsync(group, to, kind, frame);

    /// <inheritdoc/>
    public async Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames)
    {
        if (Array.FindIndex(frames, IsOfMembers) < 0) return await others.SendTogetherAsync(node, frames).ConfigureAwait(false);
        Task<byte[][]> theirs = Array.TrueForAll(frames, IsOfMembers) ? Task.FromResult<byte[][]>([]) : others.SendTogetherAsync(node, Array.FindAll(frames, frame => !IsOfMembers(frame)));
        Task<byte[]>[] ours = [.. frames.Where(IsOfMembers).Select(frame => SendAsync(node, frame.Bytes))];
        await Task.WhenAll([theirs, .. ours]).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);

        // One way may work where the other does not: what was lost on it counts as refused.
        if (!theirs.IsCompletedSuccessfully && !Array.Exists(ours, static one => one.IsCompletedSuccessfully)) await theirs.ConfigureAwait(false);
        int mine = 0, other = 0;
        return Array.ConvertAll(frames, frame => IsOfMembers(frame)
            ? AnswerOf(ours[mine++])
            : theirs.IsCompletedSuccessfully ? theirs.Result[other++] : []);
    }

    private bool IsOfMembers(GroupFrame frame) => frame.Group.Name == members;

    private static byte[] AnswerOf(Task<byte[]> call) => call.IsCompletedSuccessfully ? call.Result : [];

    private async Task<byte[]> SendAsync(string node, byte[] frame)
    {
        ConfiguredNode to = peers.TryFind(node) ?? throw new PeerException("Unreachable", $"node {node} is not known", null, null);
        return (await peers.SendAsync(to, HttpMethod.Post, PeerProtocol.RaftPath, frame, Patience, CancellationToken.None).ConfigureAwait(false)).Bytes;
    }
}
