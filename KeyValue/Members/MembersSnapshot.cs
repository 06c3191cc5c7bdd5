using Quorleans.Raft;

namespace Quorleans.KeyValue.Members;

/// <summary>
/// Writes and reads the membership table's snapshots, version 2 (parts as in <see cref="MembersCodec"/>; the storage's files have checksums of their own):
/// <code>
/// snapshot = "QMEM"  version(1 byte)  u logTime  s turn  z turnUntil  answer  u count (request(16)  status(1))*  [nodes]
/// </code>
/// Version 1 has no nodes. It is still read, and written as long as no node was added or removed: so a program that knows no more of the format can take its place among the others.
/// </summary>
/// <param name="state">The state, which nobody changes.</param>
internal sealed class MembersSnapshot(MembersState state) : ISnapshotView
{
    public const byte Version = 2;

    private const byte WithoutNodes = 1;

    // What a damaged file may cost: all rows at their largest, and some.
    private const int MaxBytes = 2 * MembersLimits.MaxRows * (MembersLimits.MaxEntryBytes + 1024);

    private static ReadOnlySpan<byte> Magic => "QMEM"u8;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <inheritdoc/>
    public void WriteTo(Stream destination, CancellationToken cancellationToken)
    {
        PayloadWriter writer = new(4096);
        writer.Raw(Magic);
        writer.Byte(state.NodesVersion == 0 ? WithoutNodes : Version);
        writer.Varint(state.TimeMs);
        MembersCodec.Text(writer, state.Turn);
        MembersCodec.Signed(writer, state.TurnUntilMs);
        MembersCodec.Write(writer, new MembersAnswer(state.Version, state.Etag, [.. state.Rows.Values]));
        writer.Varint((long)state.Remembered.Count);
        foreach ((Guid request, MembersStatus status) in state.Remembered)
        {
            request.TryWriteBytes(writer.Reserve(16));
            writer.Byte((byte)status);
        }

        if (state.NodesVersion != 0) MembersCodec.Write(writer, state.NodesAnswer);
        cancellationToken.ThrowIfCancellationRequested();
        destination.Write(writer.Written);
    }

    /// <summary>Reads a snapshot.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a newer format.</exception>
    public static MembersState Load(Stream source, CancellationToken cancellationToken)
    {
        byte[] all = BoundedReading.ReadToEnd(source, MaxBytes, cancellationToken) ?? throw Invalid($"it has more than {MaxBytes} bytes");
        if (!all.AsSpan().StartsWith(Magic) || all.Length == Magic.Length) throw Invalid("it does not begin with QMEM");
        if (all[Magic.Length] is 0 or > Version)
            throw new InvalidDataException($"The membership table's snapshot has format {all[Magic.Length]}; this program knows up to {Version}. Upgrade it.");
        PayloadReader reader = new(all.AsSpan(Magic.Length + 1));
        long time = reader.Varint();
        string turn = MembersCodec.Text(ref reader);
        long until = MembersCodec.Signed(ref reader);
        MembersAnswer table = MembersCodec.Read(ref reader, all.AsMemory(Magic.Length + 1));
        MembersState state = new() { TimeMs = time, Turn = turn, TurnUntilMs = until, Version = table.Version, Etag = table.Etag };
        foreach (MembersRow row in table.Rows)
        {
            if (reader.Failed || row.Silo.Length == 0 || state.Rows.ContainsKey(row.Silo)) throw Invalid("a row makes no sense");
            state = state with { Rows = state.Rows.Add(row.Silo, row) };
        }

        int count = (int)reader.Varint(MembersLimits.MaxRemembered);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> id = reader.Raw(16);
            byte status = reader.Byte();
            if (reader.Failed || status is < (byte)MembersStatus.Done or > (byte)MembersStatus.Removed) throw Invalid("a request makes no sense");
            state = state.Remember(new Guid(id), (MembersStatus)status);
        }

        if (all[Magic.Length] != WithoutNodes) state = Add(state, MembersCodec.ReadNodes(ref reader));
        return reader.AtEnd ? state : throw Invalid("it is too short or too long");
    }

    private static MembersState Add(MembersState state, NodesAnswer nodes)
    {
        state = state with { NodesVersion = nodes.Version, RemovedNodes = state.RemovedNodes.Union(nodes.Removed) };
        foreach (MemberNode node in nodes.Nodes)
        {
            if (node.Name.Length == 0 || state.Nodes.ContainsKey(node.Name) || state.RemovedNodes.Contains(node.Name)) throw Invalid("a node makes no sense");
            state = state with { Nodes = state.Nodes.Add(node.Name, node) };
        }

        return state;
    }

    private static InvalidDataException Invalid(string what) => new($"The membership table's snapshot is damaged: {what}.");
}
