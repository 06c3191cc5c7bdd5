using System.Buffers.Binary;

namespace Quorleans.Raft.Tests;

/// <summary>
/// The smallest state machine that cannot hide a mistake: its state is a running hash over every command in order, so two members agree exactly when
/// they applied the same commands in the same order.
/// </summary>
internal sealed class DigestMachine
{
    private const int HeaderBytes = 24;

    internal LogIndex Applied { get; private set; }

    internal ulong Digest { get; private set; }

    internal long Commands { get; private set; }

    internal static ulong Next(ulong digest, in LogEntry entry)
    {
        if (entry.Kind != EntryKind.Command) return digest;
        foreach (byte b in entry.Payload.Span) digest = (digest ^ b) * 0x100000001B3;
        return Mix(digest);
    }

    internal void Apply(in LogEntry entry)
    {
        Digest = Next(Digest, entry);
        Applied = entry.Index;
        if (entry.Kind == EntryKind.Command) Commands++;
    }

    /// <summary>The state as a file: a header, then bytes that follow from it, so that a file pieced together wrongly is noticed.</summary>
    internal byte[] Save()
    {
        byte[] file = new byte[HeaderBytes + (int)(Digest % 64)];
        BinaryPrimitives.WriteInt64LittleEndian(file, Applied.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(8), Digest);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(16), Commands);
        for (int i = HeaderBytes; i < file.Length; i++) file[i] = Filler(i);
        return file;
    }

    internal void Load(byte[] file)
    {
        Applied = new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(file));
        Digest = BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(8));
        Commands = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(16));
        if (file.Length != HeaderBytes + (int)(Digest % 64)) throw new InvalidDataException("A snapshot of the wrong length.");
        for (int i = HeaderBytes; i < file.Length; i++)
            if (file[i] != Filler(i)) throw new InvalidDataException($"Byte {i} of a snapshot is wrong.");
    }

    private byte Filler(int at) => (byte)Mix(Digest + (ulong)at);

    private static ulong Mix(ulong value) => new SplitMix64(value).Next();
}
