using System.Buffers.Binary;

namespace Quorleans.Labs.Raft;

/// <summary>A command of lab 2: a number, an id that makes it different from every other one, and padding where a size is wanted.</summary>
internal static class Command
{
    internal const int Bytes = 2 * sizeof(long);

    internal static byte[] Encode(long value, long id, int bytes)
    {
        byte[] command = new byte[bytes];
        BinaryPrimitives.WriteInt64LittleEndian(command, value);
        BinaryPrimitives.WriteInt64LittleEndian(command.AsSpan(sizeof(long)), id);
        return command;
    }

    internal static (long Value, long Id) Decode(ReadOnlyMemory<byte> command) =>
        (BinaryPrimitives.ReadInt64LittleEndian(command.Span), BinaryPrimitives.ReadInt64LittleEndian(command.Span[sizeof(long)..]));
}
