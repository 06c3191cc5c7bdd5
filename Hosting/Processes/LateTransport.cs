using Quorleans.GrainInterfaces;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Hosting;

/// <summary>A transport that is not there yet: until then nobody can be reached, which Raft is used to.</summary>
/// <param name="transport">Ends with the transport.</param>
internal sealed class LateTransport(Task<IRaftTransport> transport) : IRaftTransport
{
    /// <inheritdoc/>
    public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => transport.IsCompletedSuccessfully
        ? transport.Result.SendAsync(group, to, kind, frame)
        : Task.FromException<byte[]>(HomeUnavailableException.NodeIsNotUp(to.Node, group.Name));

    /// <inheritdoc/>
    public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => transport.IsCompletedSuccessfully
        ? transport.Result.SendTogetherAsync(node, frames)
        : Task.FromException<byte[][]>(HomeUnavailableException.NodeIsNotUp(node, node));
}
