using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Quorleans.Raft.Storage;

/// <summary>Reads fields from bytes that may be anything: past the end, or at nonsense, it gives zeros and says <see cref="Failed"/>.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> _rest = source;

    internal bool Failed { get; private set; }

    internal readonly int Remaining => _rest.Length;

    internal ReadOnlySpan<byte> Bytes(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            Fail();
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    internal byte U8() => Bytes(1) is { Length: 1 } taken ? taken[0] : (byte)0;

    internal ushort U16() => Bytes(2) is { Length: 2 } taken ? BinaryPrimitives.ReadUInt16LittleEndian(taken) : (ushort)0;

    internal int I32() => Bytes(4) is { Length: 4 } taken ? BinaryPrimitives.ReadInt32LittleEndian(taken) : 0;

    internal uint U32() => (uint)I32();

    internal long I64() => Bytes(8) is { Length: 8 } taken ? BinaryPrimitives.ReadInt64LittleEndian(taken) : 0;

    /// <summary>A length byte and that many bytes of UTF-8.</summary>
    internal string ShortText()
    {
        ReadOnlySpan<byte> bytes = Bytes(U8());
        if (Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        Fail();
        return "";
    }

    /// <summary>A length (4 bytes) and an encoded membership that fills it.</summary>
    internal Membership Membership()
    {
        ReadOnlySpan<byte> bytes = Bytes(I32());
        if (!Failed && MembershipCodec.TryDecode(bytes, out Membership? membership, out int consumed) && consumed == bytes.Length) return membership;
        Fail();
        return new Membership();
    }

    internal void Fail()
    {
        Failed = true;
        _rest = default;
    }
}
