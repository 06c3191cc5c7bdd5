using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Quorleans.Raft;

namespace Quorleans.KeyValue.Controller;

/// <summary>
/// Writes and reads the controller's snapshots, version 1 (parts as in <see cref="ControllerCodec"/>):
/// <code>
/// snapshot = "QKVC"  version(1 byte)  options(1 byte)  u shardCount  u logTime  u nextSweep  map  u count configuration*  u count session*  SHA-256(32)
/// options  = 0x01 may be empty | 0x02 any node
/// session  = client(16)  u floor  u latestDeadline  u count (u sequence-floor  u deadline  status(1)  u number  bytes subject)*    deadline 0: none
/// </code>
/// The hash is over everything before it.
/// </summary>
/// <param name="state">The state, which nobody changes.</param>
/// <param name="options">The cluster's options.</param>
internal sealed class ControllerSnapshot(ControllerState state, ControllerOptions options) : ISnapshotView
{
    public const byte Version = 1;

    // What a damaged or foreign file may cost; the limits of a controller stay far below.
    private const int MaxBytes = 256 << 20;

    private ControllerState? _state = state;

    private static ReadOnlySpan<byte> Magic => "QKVC"u8;

    /// <summary>The digest of a state: half of the hash of its snapshot.</summary>
    public static UInt128 DigestOf(ControllerState state, ControllerOptions options)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encode(state, options).Written, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <inheritdoc/>
    public void Dispose() => _state = null;

    /// <inheritdoc/>
    public void WriteTo(Stream destination, CancellationToken cancellationToken)
    {
        ControllerState state = _state ?? throw new ObjectDisposedException(nameof(ControllerSnapshot));
        cancellationToken.ThrowIfCancellationRequested();
        PayloadWriter writer = Encode(state, options);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(writer.Written, hash);
        destination.Write(writer.Written);
        destination.Write(hash);
    }

    /// <summary>Reads a snapshot and checks every part of it.</summary>
    /// <exception cref="InvalidDataException">It is damaged, of a newer format, or of a cluster with other options.</exception>
    public static ControllerState Load(Stream source, ControllerOptions options, CancellationToken cancellationToken)
    {
        ReadOnlySpan<byte> all = BoundedReading.ReadToEnd(source, MaxBytes, cancellationToken) ?? throw Invalid($"it has more than {MaxBytes} bytes");
        int headerBytes = Magic.Length + 2;
        if (all.Length < headerBytes + SHA256.HashSizeInBytes || !all.StartsWith(Magic)) throw Invalid("it does not begin with QKVC, or ends too early");
        byte version = all[Magic.Length];
        if (version > Version) throw new InvalidDataException($"The shard controller's snapshot has format {version}; this program knows up to {Version}. Upgrade it.");
        ReadOnlySpan<byte> body = all[..^SHA256.HashSizeInBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        if (version == 0 || !hash.SequenceEqual(all[^SHA256.HashSizeInBytes..])) throw Invalid("its hash is wrong");
        if (body[headerBytes - 1] != Flags(options)) throw new InvalidDataException("The shard controller's snapshot is of a cluster with other options.");

        var reader = new PayloadReader(body[headerBytes..]);
        long shardCount = reader.Varint();
        if (shardCount != options.ShardCount) throw new InvalidDataException($"The shard controller's snapshot is of a cluster with {shardCount} shards; this one has {options.ShardCount}.");
        ControllerState state = Read(ref reader, options) ?? throw Invalid("a part of it is malformed");
        return reader.AtEnd ? state : throw Invalid("it is too short or too long");
    }

    private static ControllerState? Read(ref PayloadReader reader, ControllerOptions options)
    {
        (long time, long nextSweep) = (reader.Varint(), reader.Varint());
        if (ControllerCodec.ReadMap(ref reader) is not { } map || map.Shards.Length != options.ShardCount) return null;
        int count = (int)reader.Varint(reader.Remaining);
        ImmutableList<ShardConfiguration>.Builder history = ImmutableList.CreateBuilder<ShardConfiguration>();
        long cells = 0;
        for (int i = 0; i < count; i++)
        {
            if (ControllerCodec.ReadConfiguration(ref reader) is not { } configuration || configuration.Shards.Length != options.ShardCount) return null;
            if (i > 0 && configuration.Number != history[^1].Number + 1) return null;
            history.Add(configuration);
            cells += configuration.Cells;
        }

        if (count == 0 || history[^1].Number != map.Number || ReadSessions(ref reader) is not { } sessions) return null;
        return new ControllerState
        {
            Map = map, History = history.ToImmutable(), HistoryCells = cells, Sessions = sessions, TimeMs = time, NextSweepMs = nextSweep,
        };
    }

    private static ImmutableSortedDictionary<ClientId, ControllerSession>? ReadSessions(ref PayloadReader reader)
    {
        ImmutableSortedDictionary<ClientId, ControllerSession>.Builder sessions = ImmutableSortedDictionary.CreateBuilder<ClientId, ControllerSession>();
        int count = (int)reader.Varint(reader.Remaining);
        ClientId previous = default;
        for (int i = 0; i < count; i++)
        {
            ClientId client = reader.Client();
            (long floor, long latest) = (reader.Varint(), Deadline(ref reader));
            int resultCount = (int)reader.Varint(reader.Remaining);
            ImmutableArray<SessionResult>.Builder results = ImmutableArray.CreateBuilder<SessionResult>(Math.Min(resultCount, 256));
            for (int j = 0; j < resultCount; j++)
            {
                long sequence = floor + reader.Varint(long.MaxValue - floor);
                long deadline = Deadline(ref reader);
                if (!ControllerCodec.Read(ref reader, out ControllerResult result) || sequence <= (j == 0 ? floor : results[j - 1].Sequence)) return null;
                results.Add(new SessionResult(sequence, deadline, result));
            }

            if (reader.Failed || client <= previous) return null;
            sessions.Add(previous = client, new ControllerSession(floor, latest, results.DrainToImmutable()));
        }

        return sessions.ToImmutable();
    }

    private static PayloadWriter Encode(ControllerState state, ControllerOptions options)
    {
        var writer = new PayloadWriter(4096);
        writer.Raw(Magic);
        writer.Byte(Version);
        writer.Byte(Flags(options));
        writer.Varint((long)options.ShardCount);
        writer.Varint(state.TimeMs);
        writer.Varint(state.NextSweepMs);
        ControllerCodec.Write(writer, state.Map);
        writer.Varint((long)state.History.Count);
        foreach (ShardConfiguration configuration in state.History) ControllerCodec.Write(writer, configuration);
        writer.Varint((long)state.Sessions.Count);
        foreach ((ClientId client, ControllerSession session) in state.Sessions)
        {
            writer.Client(client);
            writer.Varint(session.Floor);
            WriteDeadline(writer, session.LatestDeadlineMs);
            writer.Varint((long)session.Results.Length);
            foreach (SessionResult done in session.Results)
            {
                writer.Varint(done.Sequence - session.Floor);
                WriteDeadline(writer, done.DeadlineMs);
                ControllerCodec.Write(writer, done.Result);
            }
        }

        return writer;
    }

    private static byte Flags(ControllerOptions options) => (byte)((options.MayBeEmpty ? 1 : 0) | (options.AnyNode ? 2 : 0));

    private static void WriteDeadline(PayloadWriter writer, long deadlineMs) => writer.Varint(deadlineMs == ControllerSession.NoDeadline ? 0 : deadlineMs);

    private static long Deadline(ref PayloadReader reader)
    {
        long deadline = reader.Varint();
        return deadline == 0 ? ControllerSession.NoDeadline : deadline;
    }

    private static InvalidDataException Invalid(string what) => new($"The shard controller's snapshot is damaged: {what}.");
}
